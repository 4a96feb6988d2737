/** `restack`: makes the commits of a finished task again on what it builds on now. */
import { askAndPrint } from '../ask-board.ts';
import { openPlace, type GlobalOptions } from '../place.ts';
import { requireSeen } from '../seen-branch.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `restack`. */
export const restackCommand: Verb = (command) =>
  command
    .option('--commit <id>', 'only where its branch is at this commit, which you looked at')
    .addHelpText('after', '\nThe commits that it replaces are kept: branchboard rescue ID lists them.')
    .action(async (text: string, options: GlobalOptions & { readonly commit?: string }) => {
      const place = await openPlace(options);
      const { id: task } = await findTask(place, text);
      const { commit } = await requireSeen(place, task, options.commit);
      await askAndPrint(options, place, { kind: 'restack', task, commit });
    });
