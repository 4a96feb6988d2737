import type { Handoff } from '../../src/domain/effect.ts';
import type { RunCause, RunPlan } from '../../src/domain/run.ts';
import { parseTaskId } from '../../src/domain/task.ts';
import type { TaskId, TaskSpec } from '../../src/domain/task.ts';
import type { PromptInput } from '../../src/prompt/prompt.ts';

/** A task id that must be valid. */
export function id(text: string): TaskId {
  const parsed = parseTaskId(text);
  if (parsed === undefined) throw new Error(`not a task id: ${text}`);
  return parsed;
}

/** A task with the given differences from a plain one. */
export function makeSpec(patch: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id: id('add-auth'),
    title: 'Add authentication',
    agent: 'backend-developer',
    dependsOn: [],
    priority: 'normal',
    body: '# Add authentication\n\nUse JWT.\n',
    context: [],
    touches: [],
    ...patch,
  };
}

/** A plan of a first run with the given differences. */
export function makePlan(patch: Partial<RunPlan> = {}): RunPlan {
  return {
    version: 1,
    task: id('add-auth'),
    n: 1,
    purpose: 'work',
    role: null,
    conflict: null,
    attempt: 1,
    freeRestarts: 0,
    cause: { kind: 'first' },
    session: { mode: 'fresh', id: '11111111-2222-4333-8444-555555555555' },
    workspace: { kind: 'branch', path: '/work/trees/add-auth', base: 'ba5eba5e', branch: 'task/add-auth' },
    taskHash: '',
    bootId: null,
    plannedAt: 0,
    terms: null,
    ...patch,
  };
}

/** The input for a first run of a role that writes, with the given differences. */
export function makeInput(patch: Partial<PromptInput> = {}): PromptInput {
  return {
    plan: makePlan(),
    spec: makeSpec(),
    role: { name: 'backend-developer', tools: null, instructions: '## Preamble\n\nYou build servers.' },
    dependencies: [],
    instructions: null,
    notes: '',
    told: { notes: [], mark: '0123456789ab' },
    verify: [],
    maxSubtasks: 12,
    boardDir: '/repo/.orchestrator',
    taskChanged: false,
    sentBack: null,
    work: null,
    ...patch,
  };
}

/** The input for a resumed session. */
export function makeResumed(cause: RunCause, patch: Partial<PromptInput> = {}): PromptInput {
  const session = { mode: 'resume', id: '11111111-2222-4333-8444-555555555555' } as const;
  return makeInput({ plan: makePlan({ cause, session, n: 2, attempt: 2 }), ...patch });
}

/** A dependency that left a branch. */
export const handoff: Handoff = {
  id: id('db-schema'),
  title: 'Database schema',
  branch: 'task/db-schema',
  base: 'aaaa1111',
  tip: 'bbbb2222',
  summary: 'Added the users table.',
  diffstat: { files: 5, insertions: 120, deletions: 14 },
  elsewhere: [],
  report: null,
  sentBack: [],
};
