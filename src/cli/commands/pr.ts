/** `pr`: proposes a task's work as a pull request, through `gh`. */
import { askAndPrint } from '../ask-board.ts';
import { openPlace, type GlobalOptions } from '../place.ts';
import { requireSeen } from '../seen-branch.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

interface PrOptions extends GlobalOptions {
  readonly commit?: string;
  readonly whatRuns?: boolean;
}

/** The verb `pr`. */
export const prCommand: Verb = (command) =>
  command
    .option('--commit <id>', 'only where its branch is at this commit, which you looked at')
    .option('--what-runs', 'also where it changes what runs, such as the workflows of your host')
    .addHelpText(
      'after',
      '\nIt pushes this branch alone, never by force. Asked again, it brings the pull request up to date.\nOne that builds on a task whose branch is on the remote goes into that branch.',
    )
    .action(async (text: string, options: PrOptions) => {
      const place = await openPlace(options);
      const { id: task } = await findTask(place, text);
      const { commit } = await requireSeen(place, task, options.commit);
      await askAndPrint(options, place, { kind: 'pr', task, commit, whatRuns: options.whatRuns === true });
    });
