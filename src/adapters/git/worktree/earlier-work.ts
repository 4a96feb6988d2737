/**
 * Finds the work that earlier runs of a task left. Refs are named by the task's id alone, so those of an earlier task
 * of the same id are put aside first; else its work would be taken for this one's.
 */
import { formatRunId, type RunId, type RunPlan } from '../../../domain/run.ts';
import { exists } from '../../machine/file-presence.ts';
import type { Git } from '../git.ts';
import { inWorktree } from '../record.ts';
import { doneRef, isAncestor, keptRef, leftRef, readBranch, resolveCommits } from '../refs.ts';
import { checkedOut } from './reattach.ts';

const snapshotSubject = 'branchboard: all that the worktree held after';

/** The message of the commit that keeps uncommitted work after a run. */
export const snapshotMessage = (run: RunId): string => `${snapshotSubject} ${formatRunId(run)}`;

/** Files that were kept uncommitted. */
export interface KeptFiles {
  readonly ref: string;
  readonly commit: string;
  readonly tree: string;
  /** The commit that the worktree was on, or null where it had none. */
  readonly head: string | null;
}

/** Where a worktree begins. */
export type Start =
  { readonly kind: 'new'; readonly commit: string } | { readonly kind: 'existing'; readonly branch: string };

/** Moves what an earlier task of this id had kept to refs that no run goes on from. One git process where there is none. */
export async function putEarlierAside(git: Git, task: RunPlan['task']): Promise<void> {
  const folder = keptFolder(task);
  const output = await git.run(['for-each-ref', '--format=%(refname) %(objectname)', folder, doneRef(task)]);
  const refs = output.split('\n').flatMap((line) => {
    const [ref, commit] = line.split(' ');
    return ref === undefined || commit === undefined ? [] : [{ ref, commit }];
  });
  if (refs.length === 0) return;
  const left = new Map<string, string>();
  for (const { ref, commit } of refs) {
    const n = ref.startsWith(folder) ? Number(ref.slice(folder.length)) : 1;
    if (!left.has(commit)) left.set(commit, leftRef({ task, n }, commit));
  }
  const lines = [
    ...[...left].map(([commit, ref]) => `update ${ref} ${commit}\n`),
    ...refs.map(({ ref, commit }) => `delete ${ref} ${commit}\n`),
  ];
  await git.run(['update-ref', '--stdin'], { input: lines.join(''), config: ['core.fsync=all'] });
}

/** A first run starts from its base; a later one from its branch or, where that was deleted, from what was kept of it. */
export async function findStart(git: Git, plan: RunPlan): Promise<Start> {
  const { workspace } = plan;
  if (plan.cause.kind === 'first' || workspace.kind === 'detached') return { kind: 'new', commit: workspace.base };
  const branch = await readBranch(git, workspace.branch);
  if (branch !== null) {
    const { checkedOutIn } = branch;
    if (checkedOutIn !== null && (await exists(checkedOutIn))) throw checkedOut(plan, workspace.branch, checkedOutIn);
    return { kind: 'existing', branch: workspace.branch };
  }
  const last = await findLastKept(git, plan);
  const names = [...(last === null ? [] : [last]), doneRef(plan.task)];
  for (const commit of await resolveCommits(git, names)) {
    if (commit !== null && (await isAncestor(git, workspace.base, commit))) return { kind: 'new', commit };
  }
  return { kind: 'new', commit: workspace.base };
}

/**
 * Brings back into a worktree that was just made again what the last run before had not committed; tells the user
 * that, or why it can't be. No git process for a first run, as a rule two for a later one.
 */
export async function restoreFiles(git: Git, plan: RunPlan): Promise<void> {
  const { path } = plan.workspace;
  const kept = await findKeptFiles(git, plan);
  if (kept === null) return;
  const where = inWorktree(path);
  const [head = '', tree = ''] = (await git.run(['rev-parse', 'HEAD', 'HEAD^{tree}'], where)).split('\n');
  if (tree === kept.tree || (await isAncestor(git, kept.commit, head))) return;
  const told = `${formatRunId(plan)}: its worktree was gone and is made again`;
  if (kept.head !== head) {
    git.notice(
      `${told}, without the files that the run before had not committed, since the branch has moved on. They are under ${kept.ref}: branchboard rescue ${plan.task}`,
    );
    return;
  }
  await git.run(['restore', `--source=${kept.commit}`, '--worktree', '--', '.'], where);
  git.notice(`${told}, with the files that the run before had not committed.`);
}

/** The files that the last run before this one had not committed; null where it left none, or they can't be read. */
export async function findKeptFiles(git: Git, plan: RunPlan): Promise<KeptFiles | null> {
  const ref = await findLastKept(git, plan);
  if (ref === null) return null;
  const args = ['log', '-1', '--no-show-signature', '--format=%H%x00%T%x00%P%x00%s', ref, '--'];
  const [commit, tree, parent, subject] = (await git.attempt(args)).stdout.trimEnd().split('\0');
  if (!commit || tree === undefined || subject?.startsWith(snapshotSubject) !== true) return null;
  return { ref, commit, tree, head: parent ? parent : null };
}

/** The ref of the last run before this one that anything was kept of. */
async function findLastKept(git: Git, plan: RunPlan): Promise<string | null> {
  if (plan.n === 1) return null;
  const folder = keptFolder(plan.task);
  const refs = (await git.run(['for-each-ref', '--format=%(refname)', folder])).split('\n');
  const numbers = refs.map((ref) => Number(ref.slice(folder.length))).filter((n) => n > 0 && n < plan.n);
  return numbers.length === 0 ? null : keptRef({ task: plan.task, n: Math.max(...numbers) });
}

/** The prefixes of the refs of all runs of a task. */
function keptFolder(task: RunPlan['task']): string {
  return keptRef({ task, n: 1 }).slice(0, -1);
}
