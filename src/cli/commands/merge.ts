/** `merge`: takes a task's work over into the branch that tasks start from; `--check` only says whether it would go. */
import { Option } from 'commander';
import { createGit } from '../../adapters/git/git.ts';
import { prepareMerge } from '../../adapters/git/merging.ts';
import { describeConflict, type MergeRequest } from '../../domain/merge-request.ts';
import { askAndPrint } from '../ask-board.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-code.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { requireSeen } from '../seen-branch.ts';
import { findTask } from '../task-files.ts';
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
      const { branch, base, commit } = await requireSeen(place, task, options.commit);
      const target = await findTarget(place);
      const whatRuns = options.whatRuns === true;
      if (options.check === true) {
        const message = 'branchboard: check';
        exit(await check(place, { task, branch, base, commit, target, way, whatRuns, checked: null, message }));
        return;
      }
      await askAndPrint(options, place, { kind: 'merge', task, commit, target, way, whatRuns });
    });

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
