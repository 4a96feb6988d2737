/** The branch of a finished task with the commit that the user has seen, and the verbs that decide on it by nothing else. */
import { readTaskFacts } from '../adapters/files/facts.ts';
import { createGit } from '../adapters/git/git.ts';
import { branchRef, resolveCommits } from '../adapters/git/refs.ts';
import type { DiscardCommand, RestackCommand } from '../domain/command.ts';
import type { TaskId } from '../domain/task.ts';
import { askAndPrint } from './ask-board.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from './place.ts';
import { findTask, requireBranch } from './task-files.ts';
import type { Verb } from './verb.ts';

/** A task's branch, where its own work begins, and the commit that it is at. */
export interface SeenBranch {
  readonly branch: string;
  readonly base: string;
  readonly commit: string;
}

/** Throws CliError where the branch is gone, or not at the commit `looked`, as far as that was named. */
export async function requireSeen(place: OpenPlace, task: TaskId, looked: string | undefined): Promise<SeenBranch> {
  const { branch, base } = requireBranch(task, (await readTaskFacts(place.layout, task)).runs);
  const [commit = null] = await resolveCommits(createGit(place.topLevel), [branchRef(branch)]);
  if (commit === null)
    throw new CliError(exitCodes.usage, `the branch ${branch} is gone`, `Type: branchboard show ${task}`);
  if (looked !== undefined && !commit.startsWith(looked)) {
    const why = `${branch} is at ${commit.slice(0, 10)}, and not at ${looked}`;
    throw new CliError(exitCodes.usage, why, `Look at it as it is now: branchboard diff ${task}`);
  }
  return { branch, base, commit };
}

/** The verb that asks for a command of this kind; `help` stands below its options. */
export function decideBySeen(kind: (DiscardCommand | RestackCommand)['kind'], help: string): Verb {
  return (command) =>
    command
      .option('--commit <id>', 'only where its branch is at this commit, which you looked at')
      .addHelpText('after', `\n${help}`)
      .action(async (text: string, options: GlobalOptions & { readonly commit?: string }) => {
        const place = await openPlace(options);
        const { id: task } = await findTask(place, text);
        const { commit } = await requireSeen(place, task, options.commit);
        await askAndPrint(options, place, { kind, task, commit });
      });
}
