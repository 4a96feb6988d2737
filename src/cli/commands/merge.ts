/**
 * `merge`: takes a task's work over into the branch that tasks start from; `--check` only says whether it would go, and what
 * else changes the same places; `--all` asks for one merge after the other.
 */
import { Option } from 'commander';
import { createGit } from '../../adapters/git/git.ts';
import { MergedWork } from '../../adapters/git/merged-work.ts';
import { prepareMerge } from '../../adapters/git/merging.ts';
import { Overlaps, type OwnWork } from '../../adapters/git/overlaps.ts';
import { branchRef, resolveCommits } from '../../adapters/git/refs.ts';
import { describeConflict, type MergeWay, type PreparedMerge } from '../../domain/merge-request.ts';
import { overlapsOf, type OverlappingPair } from '../../domain/overlap.ts';
import { keyOf, type TaskId } from '../../domain/task.ts';
import { askAndPrint } from '../ask-board.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-code.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { orderMerges, type MergeOrder } from '../merge-order.ts';
import { readBoardData } from '../read-board.ts';
import { requireSeen, type SeenBranch } from '../seen-branch.ts';
import { findTask } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

interface MergeOptions extends GlobalOptions {
  readonly squash?: boolean;
  readonly rebase?: boolean;
  readonly check?: boolean;
  readonly whatRuns?: boolean;
  readonly commit?: string;
  readonly all?: boolean;
}

/** The verb `merge`. */
export const mergeCommand: Verb = (command, exit) =>
  command
    .option('--squash', "as one commit, without the branch's own")
    .addOption(new Option('--rebase', "the branch's own commits, one by one on top").conflicts('squash'))
    .option('--what-runs', 'also where it changes what runs on your machine, such as hooks')
    .option('--commit <id>', 'only where its branch is at this commit, which you looked at')
    .option('--check', 'change nothing; say whether it would merge')
    .addOption(
      new Option('--all', 'all that is ready, dependencies first; ends at the first refusal').conflicts('commit'),
    )
    .action(async (text: string | undefined, options: MergeOptions) => {
      if ((text === undefined) !== (options.all === true)) {
        const hint = 'Type: branchboard merge ID, or branchboard merge --all';
        throw new CliError(exitCodes.usage, 'merge takes a task, or --all', hint);
      }
      const place = await openPlace(options);
      const target = await findTarget(place);
      const isAlone = text !== undefined && options.check !== true;
      const order = isAlone ? nothingElse : orderMerges((await readBoardData(place)).data.tasks);
      const tasks = text === undefined ? order.ready.map(({ id }) => id as TaskId) : [(await findTask(place, text)).id];
      const seen: Seen[] = [];
      for (const task of tasks) seen.push({ task, ...(await requireSeen(place, task, options.commit)) });
      if (options.check === true) {
        const others = await findOthers(place, order.ready);
        const codes: ExitCode[] = [];
        for (const each of seen) codes.push(await check(place, options, each, target, others));
        exit(codes.find((code) => code !== exitCodes.fine) ?? exitCodes.fine);
        return;
      }
      if (text === undefined) tellAll(order);
      for (const { task, commit } of seen) {
        const command = {
          kind: 'merge',
          task,
          commit,
          target,
          way: wayOf(options),
          whatRuns: options.whatRuns === true,
        } as const;
        await askAndPrint(options, place, command).catch((error: unknown) => {
          throw text === undefined ? goingOn(error) : error;
        });
      }
    });

const nothingElse: MergeOrder = { ready: [], left: [] };

type Seen = SeenBranch & { readonly task: TaskId };

function wayOf({ rebase, squash }: MergeOptions): MergeWay {
  return rebase === true ? 'rebase' : squash === true ? 'squash' : 'merge';
}

function tellAll({ ready, left }: MergeOrder): void {
  for (const { id, on } of left) print(`${id}: left, since it builds on ${on}, which is not done`);
  if (ready.length === 0) print('Nothing is ready to be merged.');
}

/** What to do about the one that was refused, and then about the others. */
function goingOn(error: unknown): unknown {
  if (!(error instanceof CliError)) return error;
  const hint = [...(error.hint === null ? [] : [error.hint]), 'Then go on: branchboard merge --all'].join('\n');
  return new CliError(error.exitCode, error.message, hint);
}

/** The works of all that is ready. */
async function findOthers(place: OpenPlace, ready: MergeOrder['ready']): Promise<readonly OwnWork[]> {
  const named = ready.flatMap(({ id, branch, base }) => (branch === null ? [] : [{ id: id as TaskId, branch, base }]));
  const commits = await resolveCommits(
    createGit(place.topLevel),
    named.map(({ branch }) => branchRef(branch)),
  );
  return named.flatMap(({ id, base }, index) => {
    const tip = commits[index] ?? null;
    return tip === null ? [] : [{ id, tip, base }];
  });
}

/** The branch that the user means: the one that tasks start from, or else the one that is checked out. */
async function findTarget(place: OpenPlace): Promise<string> {
  const target = (await requireSettings(place)).base ?? place.repository.branch;
  if (target !== null) return target;
  const hint = 'Check out the branch that it is to go into: git switch BRANCH';
  throw new CliError(exitCodes.usage, 'the checkout is on no branch', hint);
}

async function check(
  place: OpenPlace,
  options: MergeOptions,
  { task, branch, base, commit }: Seen,
  target: string,
  others: readonly OwnWork[],
): Promise<ExitCode> {
  const git = createGit(place.topLevel, { repository: place.repository });
  const attempt = await prepareMerge(git, new MergedWork(git, place.repository), {
    ...{ task, branch, base, commit, target, way: wayOf(options), whatRuns: options.whatRuns === true },
    ...{ checked: null, message: 'branchboard: check' },
  });
  switch (attempt.kind) {
    case 'prepared':
      print(`${task}: ${branch} merges into ${attempt.target} without a conflict.`);
      await tellOverlaps(new Overlaps(git), attempt, { id: task, tip: commit, base }, others);
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

/** Whichever of two that change the same lines is merged first, the other has to be mended then. */
async function tellOverlaps(
  overlaps: Overlaps,
  { before }: PreparedMerge,
  work: OwnWork,
  ready: readonly OwnWork[],
): Promise<void> {
  const others = ready.filter(({ id }) => keyOf(id) !== keyOf(work.id));
  let pairs: readonly OverlappingPair[] | null = null;
  while (pairs === null) pairs = await overlaps.find(before, [work, ...others], work.id);
  for (const { id, overlaps: found } of overlapsOf([work.id], pairs))
    for (const { id: other, files } of found)
      print(`${id}: it changes the same lines as ${other}, which is ready as well: ${files.join(', ')}`);
}
