/** `merge`: takes a task's work over into the branch that tasks start from; `--check` only says whether it would go. */
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit } from '../../adapters/git/git.ts';
import { prepareMerge } from '../../adapters/git/merging.ts';
import { branchRef, resolveCommits } from '../../adapters/git/refs.ts';
import type { TaskId } from '../../domain/task.ts';
import { askAndPrint } from '../ask-board.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-code.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { findTask, requireBranch } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

interface MergeOptions extends GlobalOptions {
  readonly squash?: boolean;
  readonly check?: boolean;
  readonly whatRuns?: boolean;
  readonly commit?: string;
}

/** The verb `merge`. */
export const mergeCommand: Verb = (command, exit) =>
  command
    .option('--squash', "as one commit, without the branch's own")
    .option('--what-runs', 'also where it changes what runs on your machine, such as hooks')
    .option('--commit <id>', 'only where its branch is at this commit, which you looked at')
    .option('--check', 'change nothing; say whether it would merge')
    .action(async (text: string, options: MergeOptions) => {
      const place = await openPlace(options);
      const { id: task } = await findTask(place, text);
      const { branch, commit } = await findBranch(place, task);
      if (options.commit !== undefined && !commit.startsWith(options.commit)) {
        const why = `${branch} is at ${commit.slice(0, 10)}, and not at ${options.commit}`;
        throw new CliError(exitCodes.usage, why, `Look at it as it is now: branchboard diff ${task}`);
      }
      if (options.check === true) {
        exit(await check(place, task, branch, commit));
        return;
      }
      const way = options.squash === true ? 'squash' : 'merge';
      const whatRuns = options.whatRuns === true;
      await askAndPrint(options, place, { kind: 'merge', task, commit, way, whatRuns });
    });

/** The task's branch, and the commit that it is at, which is the one that the user has seen. */
async function findBranch(
  place: OpenPlace,
  task: TaskId,
): Promise<{ readonly branch: string; readonly commit: string }> {
  const { branch } = requireBranch(task, (await readTaskFacts(place.layout, task)).runs);
  const [commit = null] = await resolveCommits(createGit(place.topLevel), [branchRef(branch)]);
  if (commit === null)
    throw new CliError(exitCodes.usage, `the branch ${branch} is gone`, `Type: branchboard show ${task}`);
  return { branch, commit };
}

async function check(place: OpenPlace, task: TaskId, branch: string, commit: string): Promise<ExitCode> {
  const { base: target } = await requireSettings(place);
  const git = createGit(place.topLevel, { repository: place.repository });
  const attempt = await prepareMerge(git, {
    task,
    branch,
    commit,
    target,
    way: 'merge',
    message: 'branchboard: check',
  });
  switch (attempt.kind) {
    case 'prepared':
      print(`${task}: ${branch} merges into ${attempt.target} without a conflict.`);
      return exitCodes.fine;
    case 'contained':
      print(`${task}: its work is in ${attempt.target} already.`);
      return exitCodes.fine;
    case 'conflict':
      print(`${task}: ${branch} and ${attempt.target} change the same places: ${attempt.files.join(', ')}`);
      return exitCodes.needsUser;
    case 'refused':
      throw new CliError(exitCodes.usage, `${task} can't be merged: ${attempt.why}`, attempt.hint);
  }
}
