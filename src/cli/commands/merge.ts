/** `merge`: takes a task's work over into the branch that tasks start from; `--check` only says whether it would go. */
import { Option } from 'commander';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit } from '../../adapters/git/git.ts';
import { prepareMerge } from '../../adapters/git/merging.ts';
import { branchRef, resolveCommits } from '../../adapters/git/refs.ts';
import { describeConflict, type MergeRequest } from '../../domain/merge-request.ts';
import type { TaskId } from '../../domain/task.ts';
import { askAndPrint } from '../ask-board.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-code.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { findTask, requireBranch } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

interface MergeOptions extends GlobalOptions {
  readonly squash?: boolean;
  readonly rebase?: boolean;
  readonly check?: boolean;
  readonly whatRuns?: boolean;
  readonly commit?: string;
}

/** The verb `merge`. */
export const mergeCommand: Verb = (command, exit) =>
  command
    .option('--squash', "as one commit, without the branch's own")
    .addOption(new Option('--rebase', "the branch's own commits, one by one on top").conflicts('squash'))
    .option('--what-runs', 'also where it changes what runs on your machine, such as hooks')
    .option('--commit <id>', 'only where its branch is at this commit, which you looked at')
    .option('--check', 'change nothing; say whether it would merge')
    .action(async (text: string, options: MergeOptions) => {
      const way = options.rebase === true ? 'rebase' : options.squash === true ? 'squash' : 'merge';
      const place = await openPlace(options);
      const { id: task } = await findTask(place, text);
      const { branch, base, commit } = await findBranch(place, task);
      if (options.commit !== undefined && !commit.startsWith(options.commit)) {
        const why = `${branch} is at ${commit.slice(0, 10)}, and not at ${options.commit}`;
        throw new CliError(exitCodes.usage, why, `Look at it as it is now: branchboard diff ${task}`);
      }
      const target = await findTarget(place);
      const whatRuns = options.whatRuns === true;
      if (options.check === true) {
        const message = 'branchboard: check';
        exit(await check(place, { task, branch, base, commit, target, way, whatRuns, checked: null, message }));
        return;
      }
      await askAndPrint(options, place, { kind: 'merge', task, commit, target, way, whatRuns });
    });

/** The task's branch, and the commit that it is at, which is the one that the user has seen. */
async function findBranch(
  place: OpenPlace,
  task: TaskId,
): Promise<{ readonly branch: string; readonly base: string; readonly commit: string }> {
  const { branch, base } = requireBranch(task, (await readTaskFacts(place.layout, task)).runs);
  const [commit = null] = await resolveCommits(createGit(place.topLevel), [branchRef(branch)]);
  if (commit === null)
    throw new CliError(exitCodes.usage, `the branch ${branch} is gone`, `Type: branchboard show ${task}`);
  return { branch, base, commit };
}

/** The branch that the user means: the one that tasks start from, or else the one that is checked out. */
async function findTarget(place: OpenPlace): Promise<string> {
  const target = (await requireSettings(place)).base ?? place.repository.branch;
  if (target !== null) return target;
  const hint = 'Check out the branch that it is to go into: git switch BRANCH';
  throw new CliError(exitCodes.usage, 'the checkout is on no branch', hint);
}

async function check(place: OpenPlace, request: MergeRequest): Promise<ExitCode> {
  const { task, branch } = request;
  const git = createGit(place.topLevel, { repository: place.repository });
  const attempt = await prepareMerge(git, place.repository, request);
  switch (attempt.kind) {
    case 'prepared':
      print(`${task}: ${branch} merges into ${attempt.target} without a conflict.`);
      return exitCodes.fine;
    case 'contained':
      print(`${task}: its work is in ${attempt.target} already.`);
      return exitCodes.fine;
    case 'conflict':
      print(`${task}: ${describeConflict(attempt)}`);
      return exitCodes.needsUser;
    case 'refused':
      throw new CliError(exitCodes.usage, `${task} can't be merged: ${attempt.why}`, attempt.hint);
  }
}
