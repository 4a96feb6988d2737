/** `send-back`: has the author of a task that is done go on with it, and tells what is wrong with the work. */
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit } from '../../adapters/git/git.ts';
import { branchRef, resolveCommits } from '../../adapters/git/refs.ts';
import type { TaskId } from '../../domain/task.ts';
import { findOwnRun } from '../../domain/task-facts.ts';
import { askAndPrint } from '../ask-board.ts';
import { findPlace, openPlace, type GlobalOptions } from '../place.ts';
import { readWords } from '../read-words.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `send-back`. */
export const sendBackCommand: Verb = (command) =>
  command
    .argument(
      '[text...]',
      'what is wrong; `-` reads standard input; without any, the comments of `branchboard review` or notes that wait go alone',
    )
    .option('-m, --message <text>', 'the same')
    .addHelpText(
      'after',
      '\nExamples:\n  branchboard send-back pay "Keep the v1 tokens"\n  branchboard send-back pay - < review.txt',
    )
    .action(async (id: string, words: readonly string[], options: GlobalOptions & { readonly message?: string }) => {
      const { id: task } = await findTask(await findPlace(options), id);
      const said = [...(options.message === undefined ? [] : [options.message]), ...words];
      await sendBack(options, task, await readWords(said));
    });

/** Asks for it; the commit that the task's branch is at is the one that the user has seen. */
export async function sendBack(options: GlobalOptions, task: TaskId, text: string): Promise<void> {
  const place = await openPlace(options);
  const workspace = findOwnRun(await readTaskFacts(place.layout, task))?.plan.workspace;
  const names = workspace?.kind === 'branch' ? [branchRef(workspace.branch)] : [];
  const [commit = null] = await resolveCommits(createGit(place.topLevel), names);
  await askAndPrint(options, place, { kind: 'send-back', task, commit, text });
}
