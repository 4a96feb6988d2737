/** `accept`: takes in what a task's agent proposes, as tasks of their own. */
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

interface AcceptOptions extends GlobalOptions {
  readonly without?: readonly string[];
}

/** The verb `accept`. */
export const acceptCommand: Verb = (command) =>
  command
    .argument('[names...]', 'names or numbers of the proposals, as `show` lists them; all of them without any')
    .option('--without <name...>', 'leave these out; what waits for them waits for what they would have waited for')
    .addHelpText(
      'after',
      '\nExamples:\n  branchboard accept shop\n  branchboard accept shop --without 3\n  branchboard accept shop add-limits',
    )
    .action(async (id: string, only: readonly string[], { without = [], ...options }: AcceptOptions) => {
      const place = await findPlace(options);
      const { id: task } = await findTask(place, id);
      await askAndPrint(options, place, { kind: 'accept', task, only, without });
    });
