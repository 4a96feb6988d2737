/**
 * Plans a run by the task's file as it is now: what it is for, in which role, and where it works.
 *
 *   what the task builds on is in conflict   the role that resolves it, in a checkout of the conflict
 *   the task's work is to be judged          the role that judges it, in a checkout of the work
 *   anything else                            the task's own role, in the task's own worktree
 */
import type { BaseConflict } from '../domain/base-conflict.ts';
import { firstRun, type NextRun } from '../domain/board.ts';
import type { Effect, Handoff } from '../domain/effect.ts';
import type { Role } from '../domain/role.ts';
import { purposeOf, type RunPurpose } from '../domain/run-purpose.ts';
import { agreeTerms, checksOf, mayShareSession } from '../domain/run-terms.ts';
import type { RunPlan, Workspace } from '../domain/run.ts';
import { findOwnRun } from '../domain/task-facts.ts';
import { integratorRole, type Argv, type TaskSpec } from '../domain/task.ts';
import { isReader } from '../prompt/permissions.ts';
import type { BoardFiles, Clock, Roles, Worktrees } from '../ports.ts';
import { unknownWork } from '../core/make-verdict.ts';
import { findJudge } from './find-judge.ts';
import type { BoardNow } from './merge-work.ts';
import { readGranted } from './read-granted.ts';
import { setupFailed } from './setup-failed.ts';
import type { UntimedEvent } from './untimed-event.ts';
import { requireNoSession } from './users-session.ts';

/** The parts of the outside that planning needs. */
interface PlanningPorts {
  readonly clock: Clock;
  readonly files: BoardFiles;
  readonly worktrees: Worktrees;
  readonly roles: Roles;
}

type PlanEffect = Effect & { readonly type: 'plan-run' };

/** The purpose of a run, and the place for it. */
interface Place {
  readonly purpose: RunPurpose;
  readonly role: Role;
  readonly workspace: Workspace;
  readonly next: NextRun;
  /** The checks in place of the task's own, or null. */
  readonly verify: readonly Argv[] | null;
}

/** `run-planned`, or `base-conflicted`. Throws PortError where it can't be planned now, or as its file asks. */
export async function planRun(ports: PlanningPorts, effect: PlanEffect, now: BoardNow): Promise<UntimedEvent> {
  const { clock, files } = ports;
  const { task, n, past, conflict } = effect;
  await requireNoSession(files, task);
  const { spec, hash, rights } = await readGranted(files, effect, now.settings, now.sandbox);
  const place =
    conflict === null ? await findPlace(ports, effect, spec, now) : await integrate(ports, effect, conflict, now);
  if ('commit' in place) return { type: 'base-conflicted', task, conflict: place };
  const { purpose, role, workspace, next, verify } = place;
  const own = agreeTerms(now.settings, spec, now.sandbox, role.runner);
  const terms = verify === null ? own : { ...own, verify };
  const isKnown = mayShareSession(past.lastPlan?.terms ?? null, terms);
  const session =
    next.resume === null || !isKnown
      ? { mode: 'fresh' as const, id: clock.uuid() }
      : { mode: 'resume' as const, id: next.resume };
  const plan: RunPlan = {
    version: 1,
    task,
    n,
    purpose,
    role: role.name,
    conflict,
    attempt: next.attempt,
    freeRestarts: next.freeRestarts,
    cause: next.cause,
    session,
    workspace,
    taskHash: hash,
    bootId: clock.bootId,
    plannedAt: clock.now(),
    terms,
  };
  await files.writePlan(plan);
  return { type: 'run-planned', task, plan, spec, rights };
}

async function findPlace(
  { worktrees, roles }: PlanningPorts,
  { task, next, past, dependencies }: PlanEffect,
  spec: TaskSpec,
  { settings }: BoardNow,
): Promise<Place | BaseConflict> {
  const purpose = purposeOf(spec, next.cause);
  const role = purpose === 'judge' ? await findJudge(roles, settings, spec) : await roles.find(spec.agent);
  if (purpose === 'judge') {
    if (past.delivered === null) throw setupFailed(unknownWork);
    const workspace = await worktrees.choose(task, past.delivered.record.evidence.tip, true);
    return { purpose, role, next, verify: null, workspace };
  }
  const last = past.lastPlan;
  if (last !== null && last.conflict === null) return { purpose, role, next, verify: null, workspace: last.workspace };
  const base = await worktrees.resolveBase({ task, start: spec.base ?? settings.base, dependencies });
  if (!base.ok) return base.failure;
  // What was to be resolved is no conflict any more.
  if (last !== null) await worktrees.release(last, false);
  const workspace = await worktrees.choose(task, base.value.commit, isReader(role));
  return { purpose, role, next: last === null ? next : firstRun, verify: null, workspace };
}

async function integrate(
  ports: PlanningPorts,
  { task, next, past: { lastPlan: last }, dependencies }: PlanEffect,
  conflict: BaseConflict,
  now: BoardNow,
): Promise<Place> {
  const { worktrees, roles } = ports;
  const role = await roles.find(integratorRole);
  if (isReader(role)) {
    const why = `The role ${integratorRole} only reads, and is to resolve a conflict: let its file list tools that write.`;
    throw setupFailed(why);
  }
  const verify = await listChecks(ports, dependencies, now);
  const same = { purpose: 'integrate', role, next, verify } as const;
  if (last?.conflict?.commit === conflict.commit) return { ...same, workspace: last.workspace };
  if (last !== null) await worktrees.release(last, false);
  return { ...same, workspace: await worktrees.choose(task, conflict.commit, true) };
}

/** The checks of all works that are merged, each once. */
async function listChecks(
  { files }: PlanningPorts,
  dependencies: readonly Handoff[],
  { settings, sandbox }: BoardNow,
): Promise<readonly Argv[]> {
  const checks = new Map<string, Argv>();
  for (const { id } of dependencies) {
    const terms = findOwnRun(await files.readFacts(id))?.plan.terms ?? null;
    for (const argv of checksOf(terms, settings, sandbox)) checks.set(JSON.stringify(argv), argv);
  }
  return [...checks.values()];
}
