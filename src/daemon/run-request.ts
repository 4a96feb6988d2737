/** Makes of a plan, its task and its role what the agent is asked to start with: for a run, and for a look at one. */
import { agentTraits } from '../domain/agent-kind.ts';
import type { Handoff } from '../domain/effect.ts';
import type { Role } from '../domain/role.ts';
import type { RunTerms } from '../domain/run-terms.ts';
import type { RunPlan } from '../domain/run.ts';
import type { Settings } from '../domain/settings.ts';
import type { TaskSpec } from '../domain/task.ts';
import type { ProjectConfiguration } from '../domain/trusted-project.ts';
import { isReader, permissionsFor } from '../prompt/permissions.ts';
import type { RunRequest } from '../ports.ts';

/** A run that was planned, and what it goes by. */
export interface PlannedRun {
  readonly plan: RunPlan;
  readonly terms: RunTerms;
  readonly spec: TaskSpec;
  readonly role: Role;
  readonly settings: Settings;
  readonly project: ProjectConfiguration;
  readonly dependencies: readonly Handoff[];
  /** `.orchestrator/`, absolute. */
  readonly boardDir: string;
}

/** What the agent of a run is started with. */
export function composeRequest(run: PlannedRun): RunRequest {
  const { plan, terms, spec, role, settings, project, dependencies, boardDir } = run;
  const readable = dependencies.flatMap(({ report }) => (report === null ? [] : [`${boardDir}/${report}`]));
  return {
    plan,
    readsOnly: isReader(role),
    ownRole: isOwn(role, terms) ? role : null,
    project,
    model: spec.model ?? role.model,
    fallbackModel: settings.fallbackModel,
    effort: spec.effort ?? role.effort,
    maxTurns: spec.maxTurns ?? null,
    budgetUsd: terms.budgetUsd,
    ...permissionsFor(role, settings, spec, readable),
  };
}

/** The role as the prompt tells it: the agent is given the instructions of its own kind of roles beside the prompt. */
export function roleToTell(role: Role, terms: RunTerms): Role {
  return isOwn(role, terms) ? { ...role, instructions: '' } : role;
}

function isOwn(role: Role, { agent }: RunTerms): boolean {
  return role.source === agentTraits[agent.kind].ownRoles;
}
