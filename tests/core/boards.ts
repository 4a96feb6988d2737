/** Makes small boards for the tests of what decides. */
import {
  firstRun,
  type ActiveTask,
  type Board,
  type FinishedTask,
  type QueuedTask,
  type Task,
} from '../../src/domain/board.ts';
import { emptyPast } from '../../src/domain/task-past.ts';
import { emptyRunView, type RunExit, type RunPlan } from '../../src/domain/run.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { keyOf, parseTaskId, type Column, type TaskId, type TaskSpec } from '../../src/domain/task.ts';
import { emptyBoard } from '../../src/core/step.ts';

/** An id that is known to be right. */
export function idOf(text: string): TaskId {
  const id = parseTaskId(text);
  if (id === undefined) throw new Error(`${text} is no id`);
  return id;
}

/** A task's spec; `more` says what is special about it. */
export function specOf(id: string, dependsOn: readonly string[] = [], more: Partial<TaskSpec> = {}): TaskSpec {
  return {
    ...{ id: idOf(id), title: id, agent: 'developer', dependsOn: dependsOn.map(idOf), priority: 'normal' },
    ...{ body: 'Do it.', context: [], touches: [] },
    ...more,
  };
}

/** A file in a column; `age` makes it younger. */
export function fileOf(id: string, column: Column, age = 0) {
  return { column, name: `${id}.md`, identity: { inode: 1, size: 1, mtimeMs: age } };
}

/** A queued task. */
export function queued(
  id: string,
  dependsOn: readonly string[] = [],
  more: Partial<TaskSpec> = {},
  age = 0,
): QueuedTask {
  const spec = specOf(id, dependsOn, more);
  return {
    state: 'queued',
    id: spec.id,
    spec,
    file: fileOf(id, 'queued', age),
    past: emptyPast,
    warnings: [],
    next: firstRun,
    problems: [],
  };
}

/** A task that an agent is about to be put on. */
export function active(id: string, dependsOn: readonly string[] = []): ActiveTask {
  const { spec, past, warnings } = queued(id, dependsOn);
  return {
    state: 'active',
    id: spec.id,
    spec,
    file: fileOf(id, 'active'),
    past,
    warnings,
    phase: { name: 'planning', next: firstRun, before: null },
    wish: null,
  };
}

/** A finished task; its verdict says `verdictColumn`. */
export function finished(
  id: string,
  column: 'done' | 'archive',
  verdictColumn: 'done' | 'archive' = column,
): FinishedTask {
  return { id: idOf(id), file: fileOf(id, column), verdict: verdictOf({ column: verdictColumn }), review: null };
}

/** A verdict; `more` says what is special about it. */
export function verdictOf(more: Partial<Verdict> = {}): Verdict {
  return {
    ...{
      version: 1,
      column: 'done',
      run: 1,
      at: 0,
      title: 'x',
      agent: 'developer',
      fault: null,
      question: null,
      options: [],
      summary: null,
    },
    ...{
      branch: 'task/x',
      base: 'b',
      tip: 't',
      commits: 1,
      diffstat: null,
      faults: [],
      refusals: [],
      elsewhere: [],
      worktree: null,
      verified: false,
      checks: [],
      changesWhatRuns: [],
      judgements: [],
      nothingToDo: false,
      report: null,
    },
    dependsOn: [],
    ...{ parent: null, proposals: [], taken: [] },
    ...{ followUps: [], sessionId: null, attempts: 1, costUsd: 0, workedMs: 0 },
    ...{ warnings: [], moved: [] },
    ...more,
  };
}

/** A board with these tasks. */
export function boardOf(tasks: readonly (Task | FinishedTask)[], more: Partial<Board> = {}): Board {
  const live = tasks.filter((task) => 'state' in task);
  const ended = tasks.filter((task): task is FinishedTask => !('state' in task));
  return {
    ...emptyBoard,
    live: new Map(live.map((task) => [keyOf(task.id), task])),
    finished: new Map(ended.map((task) => [keyOf(task.id), task])),
    ...more,
  };
}

/** A plan; `more` says what is special about it. */
export function planOf(id: string, more: Partial<RunPlan> = {}): RunPlan {
  return {
    ...{
      version: 1,
      task: idOf(id),
      n: 1,
      purpose: 'work',
      role: null,
      conflict: null,
      attempt: 1,
      freeRestarts: 0,
      cause: { kind: 'first' },
    },
    ...{
      session: { mode: 'fresh', id: 'session' },
      workspace: { kind: 'branch', path: '/w', base: 'b', branch: `task/${id}` },
    },
    ...{ taskHash: 'h', bootId: null, plannedAt: 0, terms: null },
    ...more,
  };
}

/** An exit; `view` says what the stream told. */
export function exitOf(view: Partial<RunExit['view']> = {}, more: Partial<RunExit> = {}): RunExit {
  return {
    endedAt: 1000,
    exitCode: 0,
    signal: null,
    stopped: null,
    endedBy: view.result == null ? { kind: 'broken-off', service: null } : { kind: 'ended' },
    stderrTail: '',
    moved: [],
    view: { ...emptyRunView, ...view },
    ...more,
  };
}
