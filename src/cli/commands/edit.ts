/** `set-priority` and `add-dependency`: write a key of a task's file, as the user could. */
import { Argument, InvalidArgumentError } from 'commander';
import { parseTaskId, priorities, type Priority, type TaskId } from '../../domain/task.ts';
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `set-priority`. */
export const setPriorityCommand: Verb = (command) =>
  command
    .addArgument(new Argument('<priority>', 'how urgent it is').choices(priorities))
    .action(async (text: string, priority: Priority, options: GlobalOptions) => {
      const place = await findPlace(options);
      await askAndPrint(options, place, { kind: 'set-priority', task: (await findTask(place, text)).id, priority });
    });

/** The verb `add-dependency`. */
export const addDependencyCommand: Verb = (command) =>
  command
    .argument('<on>', 'the task that must be done before it', parseId)
    .action(async (text: string, on: TaskId, options: GlobalOptions) => {
      const place = await findPlace(options);
      await askAndPrint(options, place, { kind: 'add-dependency', task: (await findTask(place, text)).id, on });
    });

function parseId(text: string): TaskId {
  const id = parseTaskId(text);
  if (id === undefined) throw new InvalidArgumentError('expected the id of a task, such as add-auth');
  return id;
}
