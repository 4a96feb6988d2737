/**
 * Finds refs that moved while an agent ran and that are not its own: an agent must be able to write refs to commit, so
 * a command of its can move any branch. Git's own logs show who moved one, and what git noted of the agent's commands:
 *
 *   a branch of another task                              its own agent: not told
 *   the branch of the work that this run judges           as any other
 *   moved where it is checked out, by a command that the  told
 *   agent gave in there, and so a HEAD
 *   moved where it is checked out, as that HEAD's log     the user; told only if it holds commits that this run made
 *   says                                                  and they did not come there by a merge
 *   moved where it is checked out, and the log is silent  told
 *   holds commits that this run made                      told
 *   deleted, or no longer holds what it held              told, but for a branch that was renamed in a checkout
 *   any other step forward, or new branch                 the user: not told
 *   a replacement of an object                            told
 *   the stash, which all worktrees share                  told where the agent called it
 *   a HEAD that changed and whose log is silent, or that  told
 *   is on a branch that is told
 *   a HEAD that the agent moved to where it is            told
 */
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../../domain/limits.ts';
import type { MovedRef } from '../../../domain/moved-ref.ts';
import type { RunPlan } from '../../../domain/run.ts';
import { isAuthors } from '../../../domain/run-purpose.ts';
import { readGitCalls, type GitCall } from '../../machine/git-trace.ts';
import { planFormat } from '../../files/fact-shapes.ts';
import { readFact, runFiles } from '../../files/facts.ts';
import { layOut } from '../../files/layout.ts';
import { listBeyond } from '../branches.ts';
import type { Git } from '../git.ts';
import { findRecord } from '../record.ts';
import { headLog, isCommitting, readReflog, type ReflogEntry } from '../reflog.ts';
import { branchRef, isAncestor } from '../refs.ts';
import { readNotes, takeNotes, type Checkout, type RefNotes } from './ref-notes.ts';
import type { Repository } from '../repository.ts';

/** Of what a run made, so many commits are looked for elsewhere, the oldest first: the others are on top of them. */
const maxMadeLookedFor = 100;
const stashRef = 'refs/stash';
/** Names that are given to one git command. */
const maxNamesGiven = 200;

/** Commands that may take a HEAD, or the branch that it is on, somewhere else. */
const movers: ReadonlySet<string> = new Set([
  ...['am', 'branch', 'checkout', 'cherry-pick', 'commit', 'fetch', 'merge', 'pull', 'rebase', 'reset', 'revert'],
  ...['switch', 'symbolic-ref', 'update-ref'],
]);

/** A move in one of the user's checkouts, and whether the agent made it. */
interface Step extends ReflogEntry {
  readonly isAgents: boolean;
}

/** The facts that the judgement rests on. */
interface Facts {
  readonly git: Git;
  readonly before: RefNotes;
  readonly after: RefNotes;
  /** Moves in the user's checkouts meanwhile, by their git folders. */
  readonly steps: ReadonlyMap<string, readonly Step[]>;
  /** The refs that changed and hold commits that this run made. */
  readonly holding: ReadonlySet<string>;
}

type Change = Pick<MovedRef, 'ref' | 'from' | 'to'>;

/**
 * Refs that moved since the run's notes were taken, by the table above; none where there are no notes. One git process
 * where nothing moved. Throws PortError.
 */
export async function listMoved(
  git: Git,
  repository: Repository,
  boardDir: string,
  plan: RunPlan,
): Promise<readonly MovedRef[]> {
  const before = await readNotes(boardDir, plan);
  if (before === null) return [];
  const after = await takeNotes(git, repository);
  const changes = await leaveOut(boardDir, plan, listChanges(before, after));
  const heads = listHeads(before, after);
  const steps = await listSteps(boardDir, plan, before);
  const isTouched = [...steps.values()].some((done) => done.some((step) => step.isAgents));
  if (changes.length === 0 && heads.length === 0 && !isTouched) return [];
  const made = await listMade(git, repository, plan, before, steps);
  const facts: Facts = { git, before, after, steps, holding: await findHolding(git, made, changes) };
  const moved: MovedRef[] = [];
  for (const change of changes) {
    if (moved.length < limits.maxMovedRefs && (await isTold(facts, change))) {
      moved.push({ ...change, checkout: findCheckout(after, change.ref)?.path ?? null });
    }
  }
  moved.push(...heads.filter((head) => isHeadTold(facts, head, moved)).map(describeHead));
  return [...moved, ...listTouched(facts, moved)];
}

/** Checkouts in which the agent moved HEAD to where it was, as by `git reset --hard`; no branch tells of those. */
function listTouched({ before, after, steps }: Facts, moved: readonly MovedRef[]): readonly MovedRef[] {
  return listHeads(before, after, true).flatMap((head) => {
    const isAgents = steps.get(head.before.record)?.some((step) => step.isAgents) ?? false;
    return isAgents && !moved.some(({ checkout }) => checkout === head.after.path) ? [describeHead(head)] : [];
  });
}

async function listSteps(boardDir: string, plan: RunPlan, { checkouts }: RefNotes): Promise<Facts['steps']> {
  const logs = checkouts.map(async ({ record, logBytes }) => {
    return { record, entries: await readReflog(headLog(record), logBytes ?? 0) };
  });
  const found = await Promise.all(logs);
  const isQuiet = found.every(({ entries }) => entries.length === 0);
  const calls = isQuiet ? [] : (await readGitCalls(layOut(boardDir).run(plan))).filter(({ name }) => movers.has(name));
  const mark = async ({ record, entries }: (typeof found)[number]): Promise<readonly [string, readonly Step[]]> => {
    const place = await realpath(record).catch(() => record);
    const here = calls.filter(({ gitDir }) => gitDir === place);
    return [record, entries.map((entry) => ({ ...entry, isAgents: here.some((call) => isDuring(entry, call)) }))];
  };
  return new Map(await Promise.all(found.map(mark)));
}

/** A log knows the second alone. */
function isDuring({ at }: ReflogEntry, { from, until }: GitCall): boolean {
  return at >= Math.floor(from / 1000) && at <= Math.floor(until / 1000);
}

function listChanges({ refs: old }: RefNotes, { refs: now }: RefNotes): readonly Change[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .map((ref) => ({ ref, from: old[ref] ?? null, to: now[ref] ?? null }))
    .filter(({ from, to }) => from !== to);
}

async function isTold({ git, before, after, steps, holding }: Facts, { ref, from, to }: Change): Promise<boolean> {
  if (ref.startsWith('refs/replace/') || ref === stashRef) return true;
  const done = [...steps.values()].flat();
  if (isAgents(steps, findCheckout(before, ref)) || isAgents(steps, findCheckout(after, ref))) return true;
  const last = done.findLast((step) => step.to === to && !isSwitch(step));
  if (last !== undefined) {
    if (last.isAgents) return true;
    return holding.has(ref) && !done.some(({ message }) => /^(?:merge|pull|commit \(merge\))\b/.test(message));
  }
  if (to === null) return !done.some(({ message }) => message.startsWith(`Branch: renamed ${ref} to `));
  if (holding.has(ref)) return true;
  if (from === null) return false;
  const checkout = findCheckout(before, ref);
  const isStill = checkout !== null && findCheckout(after, ref)?.record === checkout.record;
  if (isStill && checkout.logBytes !== null) return true;
  return !(await isAncestor(git, from, to).catch(() => false));
}

/** Whether the agent moved the branch that a checkout of the user's is on. */
function isAgents(steps: Facts['steps'], checkout: Checkout | null): boolean {
  return steps.get(checkout?.record ?? '')?.some((step) => step.isAgents && !isSwitch(step)) ?? false;
}

function isSwitch({ message }: ReflogEntry): boolean {
  return message.startsWith('checkout: ');
}

/** Those of the commits made in the run's worktree, or by its agent elsewhere, that nothing held before the run. */
async function listMade(
  git: Git,
  repository: Repository,
  { workspace }: RunPlan,
  { refs }: RefNotes,
  steps: Facts['steps'],
): Promise<readonly string[]> {
  const record = await findRecord(repository, workspace.path);
  const elsewhere = [...steps.values()].flat().filter((step) => step.isAgents);
  const entries = [...(record === null ? [] : await readReflog(headLog(record))), ...elsewhere];
  const made = [...new Set(entries.filter(isCommitting).map(({ to }) => to))];
  const own = workspace.kind === 'branch' ? branchRef(workspace.branch) : '';
  const others = Object.entries(refs).flatMap(([ref, id]) => (ref === own ? [] : [id]));
  const beyond = await listBeyond(git, made, [workspace.base, ...new Set(others)]);
  return made.filter((commit) => beyond.has(commit)).slice(0, maxMadeLookedFor);
}

async function findHolding(
  git: Git,
  made: readonly string[],
  changes: readonly Change[],
): Promise<ReadonlySet<string>> {
  const names = changes.flatMap(({ ref, to }) => (to === null ? [] : [ref]));
  if (made.length === 0 || names.length === 0) return new Set();
  const asked = names.length > maxNamesGiven ? ['refs/heads', 'refs/tags'] : names;
  const containing = made.map((commit) => `--contains=${commit}`);
  const output = await git.run(['for-each-ref', '--format=%(refname)', ...containing, ...asked]);
  return new Set(output.split('\n'));
}

/** Leaves out the task's own branch, those of other tasks, and a stash that is not the agent's. */
async function leaveOut(boardDir: string, plan: RunPlan, changes: readonly Change[]): Promise<readonly Change[]> {
  const { workspace } = plan;
  const isStashed = changes.some(({ ref }) => ref === stashRef);
  const calls = isStashed ? await readGitCalls(layOut(boardDir).run(plan)) : [];
  const own = new Set(workspace.kind === 'detached' ? [] : [branchRef(workspace.branch)]);
  if (!calls.some(({ name }) => name === 'stash')) own.add(stashRef);
  const others = changes.filter(({ ref }) => !own.has(ref));
  if (!others.some(({ ref }) => ref.startsWith(branchRef('')))) return others;
  const layout = layOut(boardDir);
  // Who judges a task's work is not to touch its branch, on which nobody else is at work then.
  const watched = isAuthors(plan) ? null : plan.task;
  const tasks = (await readdir(layout.runs).catch(() => [])).filter(
    (name) => !name.startsWith('.') && name !== watched,
  );
  const left: Change[] = [];
  for (const change of others) {
    const near = change.ref.startsWith(branchRef('')) ? tasks.filter((task) => change.ref.includes(task)) : [];
    const branches = await Promise.all(near.map((task) => readBranchOf(join(layout.runs, task))));
    if (!branches.includes(change.ref)) left.push(change);
  }
  return left;
}

/** The branch that a task's own agent worked on last, in full; null where there is none. */
async function readBranchOf(folder: string): Promise<string | null> {
  const numbers = (await readdir(folder).catch(() => [])).map(Number).filter((n) => n > 0);
  for (const n of numbers.sort((a, b) => b - a)) {
    const plan = await readFact(join(folder, String(n), runFiles.plan), planFormat);
    if (plan === null || isAuthors(plan))
      return plan?.workspace.kind === 'branch' ? branchRef(plan.workspace.branch) : null;
  }
  return null;
}

function findCheckout({ checkouts }: RefNotes, ref: string): Checkout | null {
  return checkouts.find(({ head }) => head === `ref: ${ref}`) ?? null;
}

/** A HEAD of the user's as it was and as it is. */
interface ChangedHead {
  readonly before: Checkout;
  readonly after: Checkout;
}

/** Those that changed, or those that did not. */
function listHeads(before: RefNotes, after: RefNotes, isSame = false): readonly ChangedHead[] {
  return before.checkouts.flatMap((old) => {
    const now = after.checkouts.find(({ record }) => record === old.record);
    return now === undefined || (now.head === old.head) !== isSame ? [] : [{ before: old, after: now }];
  });
}

function isHeadTold({ steps }: Facts, { before, after }: ChangedHead, moved: readonly MovedRef[]): boolean {
  // Commands that users type leave a message there.
  const done = steps.get(before.record) ?? [];
  if (before.logBytes !== null && done.every(({ message }) => message === '')) return true;
  if (done.findLast(isSwitch)?.isAgents === true) return true;
  return moved.some(({ ref }) => after.head === `ref: ${ref}`);
}

function describeHead({ before, after }: ChangedHead): MovedRef {
  const place = (head: string): string => head.replace(/^ref: /, '');
  return { ref: 'HEAD', from: place(before.head), to: place(after.head), checkout: after.path };
}
