/** `retry`: sends a task that waits for its user back to the queue. */
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask, moveTaskFile } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `retry`. */
export const retryCommand: Verb = (command) =>
  command.action(async (text: string, options: GlobalOptions) => {
    const place = await findPlace(options);
    const task = await findTask(place, text);
    if (task.column === 'queued' || task.column === 'active') {
      throw new CliError(
        exitCodes.usage,
        `${task.id} is in ${task.column}/ already`,
        `Type: branchboard show ${task.id}`,
      );
    }
    await moveTaskFile(place, task, 'queued');
    print(`${task.id}: ${task.column}/ → queued/`);
  });
