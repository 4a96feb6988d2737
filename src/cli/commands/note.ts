/** `note`: tells a task's agent something while it works, or at its next start. */
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { readWords } from '../read-words.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `note`. */
export const noteCommand: Verb = (command) =>
  command
    .argument('<text...>', 'what its agent is told; `-` reads standard input')
    .addHelpText(
      'after',
      '\nExamples:\n  branchboard note pay "Use the existing session table"\n  branchboard note pay - < note.md',
    )
    .action(async (id: string, words: readonly string[], options: GlobalOptions) => {
      const place = await findPlace(options);
      const { id: task } = await findTask(place, id);
      const text = await readWords(words);
      await askAndPrint(options, place, { kind: 'note', task, text });
    });
