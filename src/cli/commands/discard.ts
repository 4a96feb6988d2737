/** `discard`: puts the work of a finished task away with its branch, so that it can be undone. */
import { askAndPrint } from '../ask-board.ts';
import { openPlace, type GlobalOptions } from '../place.ts';
import { requireSeen } from '../seen-branch.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `discard`. */
export const discardCommand: Verb = (command) =>
  command
    .option('--commit <id>', 'only where its branch is at this commit, which you looked at')
    .addHelpText(
      'after',
      '\nTo undo it: mv .orchestrator/archive/ID.md .orchestrator/done/, or branchboard retry ID to have it worked on again.',
    )
    .action(async (text: string, options: GlobalOptions & { readonly commit?: string }) => {
      const place = await openPlace(options);
      const { id: task } = await findTask(place, text);
      const { commit } = await requireSeen(place, task, options.commit);
      await askAndPrint(options, place, { kind: 'discard', task, commit });
    });
