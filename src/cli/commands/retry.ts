/** `retry`: sends a task that waits for its user back to the queue, perhaps with what is to be different. */
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';
import { tellTask } from './answer.ts';

/** The verb `retry`. */
export const retryCommand: Verb = (command) =>
  command
    .argument('[text...]', 'what its agent is to be told; `-` reads standard input')
    .option('-m, --message <text>', 'the same')
    .addHelpText(
      'after',
      '\nExamples:\n  branchboard retry pay\n  branchboard retry pay -m "Mend the test, not the check"',
    )
    .action(async (id: string, words: readonly string[], options: GlobalOptions & { readonly message?: string }) => {
      const said = [...(options.message === undefined ? [] : [options.message]), ...words];
      if (said.length > 0) {
        await tellTask(id, said, options);
        return;
      }
      const place = await findPlace(options);
      await askAndPrint(options, place, { kind: 'retry', task: (await findTask(place, id)).id });
    });
