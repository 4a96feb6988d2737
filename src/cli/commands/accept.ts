/** `accept`: takes in what a task's agent proposes, as tasks of their own. */
import { readAcceptWords } from '../../domain/accept-words.ts';
import { askAndPrint } from '../ask-board.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

interface AcceptOptions extends GlobalOptions {
  readonly tell?: readonly string[];
  readonly without?: readonly string[];
}

/** The verb `accept`. */
export const acceptCommand: Verb = (command) =>
  command
    .argument('[names...]', 'names or numbers of the proposals, as `show` lists them; all of them without any')
    .option('--without <name...>', 'leave these out; what waits for them waits for what they would have waited for')
    .option('--tell <words...>', 'what you add to the text of one: "NAME: what is to be different"')
    .addHelpText(
      'after',
      '\nExamples:\n  branchboard accept shop\n  branchboard accept shop --without 3\n  branchboard accept shop add-limits\n  branchboard accept shop --tell "schema: Use SQLite."',
    )
    .action(async (id: string, only: readonly string[], { without = [], tell = [], ...options }: AcceptOptions) => {
      const place = await findPlace(options);
      const { id: task } = await findTask(place, id);
      const said = tell.flatMap((words) => {
        const read = readAcceptWords(words);
        if (read.without.length === 0) return read.said;
        throw new CliError(
          exitCodes.usage,
          `${JSON.stringify(words)} names no subtask`,
          'Such as: --tell "schema: Use SQLite."',
        );
      });
      await askAndPrint(options, place, { kind: 'accept', task, only, without, said });
    });
