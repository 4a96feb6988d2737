/**
 * Merges a task's work as the user asked. The merged files are checked before the branch moves, confined and in a checkout
 * of their own, so that the target never breaks; where they are the task's own, they were checked when it was done.
 */
import type { Board } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import type { MergeOutcome, MergeRequest, PreparedMerge } from '../domain/merge-request.ts';
import type { CommandOutcome } from '../domain/work-evidence.ts';
import { checksOf } from '../domain/run-terms.ts';
import type { RunPlan } from '../domain/run.ts';
import type { TaskId } from '../domain/task.ts';
import { findOwnRun } from '../domain/task-facts.ts';
import type { BoardFiles, CommandRunner, Worktrees } from '../ports.ts';

/** The parts of the outside that a merge needs. */
export interface MergePorts {
  readonly files: BoardFiles;
  readonly worktrees: Worktrees;
  readonly commands: CommandRunner;
}

/** The settings and the sandbox as they are. */
export type BoardNow = Pick<Board, 'settings' | 'sandbox'>;

/** See the file's head. Throws what the ports throw: nothing is merged then. */
export async function mergeWork(ports: MergePorts, request: MergeRequest, now: BoardNow): Promise<MergeOutcome> {
  const { worktrees } = ports;
  for (let tries = 0; tries < limits.maxMergeTries; tries += 1) {
    const prepared = await worktrees.prepareMerge(request);
    if (prepared.kind !== 'prepared') return prepared;
    const red = await findRed(ports, request.task, prepared, now);
    if (red !== null) return { kind: 'red', target: prepared.target, check: red };
    const outcome = await worktrees.finishMerge(prepared);
    if (outcome.kind !== 'moved') return outcome;
  }
  const why = `its target moved ${String(limits.maxMergeTries)} times while the merge was made`;
  return { kind: 'refused', why, hint: `Try again: branchboard merge ${request.task}` };
}

/**
 * The first check that fails on the files of a commit that a task's work led to, or null. Checks of the task's own that were
 * to be confined don't run on a board that can't confine any more: those of the settings do. Throws what the ports throw.
 */
export async function findRed(
  { files, worktrees, commands }: MergePorts,
  task: TaskId,
  { after, isSameTree }: Pick<PreparedMerge, 'after' | 'isSameTree'>,
  { settings, sandbox }: BoardNow,
): Promise<CommandOutcome | null> {
  if (isSameTree) return null;
  const facts = await files.readFacts(task);
  const last = findOwnRun(facts)?.plan ?? null;
  const verify = checksOf(last?.terms ?? null, settings, sandbox);
  if (last === null || verify.length === 0) return null;
  // A run of its own, after the task's last, so that what its checks leave running is ended with it. No task's folder is
  // called so.
  const path = `${last.workspace.path}~merge`;
  const plan: RunPlan = { ...last, n: facts.highestRun + 1, workspace: { kind: 'detached', path, base: after } };
  // A board that was killed while it checked left its own there.
  await worktrees.release(plan, true);
  try {
    await worktrees.prepare(plan);
    for (const argv of verify) {
      const outcome = await commands.run(argv, { cwd: plan.workspace.path, plan });
      if (!outcome.ok) return outcome;
    }
    return null;
  } finally {
    await worktrees.release(plan, true);
  }
}
