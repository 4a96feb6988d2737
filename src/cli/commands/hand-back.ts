/** `hand-back`: the user says that the work in a task's worktree is done; the board checks it. */
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `hand-back`. */
export const handBackCommand: Verb = (command) =>
  command
    .addHelpText(
      'after',
      '\nAll of it must be committed, and the checks run. To have its agent go on instead: branchboard retry ID',
    )
    .action(async (text: string, options: GlobalOptions) => {
      const place = await findPlace(options);
      const { id } = await findTask(place, text);
      await askAndPrint(options, place, { kind: 'hand-back', task: id });
    });
