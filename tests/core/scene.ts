/** A board that is told, event by event, what happens, for scenarios in tests. */
import { termsOf } from '../../src/core/granted-rights.ts';
import { step, emptyBoard } from '../../src/core/step.ts';
import type { Board, BoardScan, FileIdentity, Task, TaskFile } from '../../src/domain/board.ts';
import type { LoadedTask } from '../../src/domain/outside-answers.ts';
import { makeCommandId, type Command, type Seen } from '../../src/domain/command.ts';
import type { Effect, EffectKind } from '../../src/domain/effect.ts';
import type { BoardEvent } from '../../src/domain/event.ts';
import type { HistoryEntry } from '../../src/domain/history.ts';
import { emptyRunView, type PauseReason, type RunExit, type RunPlan, type RunView } from '../../src/domain/run.ts';
import type { AgentResult } from '../../src/domain/agent-report.ts';
import type { Evidence } from '../../src/domain/work-evidence.ts';
import type { Grant, Right } from '../../src/domain/rights.ts';
import { purposeOf } from '../../src/domain/run-purpose.ts';
import { defaultSettings, type Settings } from '../../src/domain/settings.ts';
import { fileNameOf, keyOf, parseTaskId, type Column, type TaskId, type TaskSpec } from '../../src/domain/task.ts';
import { id, makePlan, makeSpec } from '../prompt/input.ts';

export { id, makePlan, makeSpec };

/** When scenes begin. */
export const start = 1_000_000;

type Untimed<Event> = Event extends unknown ? Omit<Event, 'at'> : never;

/** A file's version. */
export function identity(inode = 1): FileIdentity {
  return { inode, size: 10, mtimeMs: 0 };
}

/** A task's file in a column. */
export function fileIn(column: Column, name: string, inode = 1): TaskFile {
  return { column, name: fileNameOf(id(name)), identity: identity(inode) };
}

/** What the folders hold: ids by column. */
export function scanOf(files: Partial<Record<Column, readonly string[]>>, rest: Partial<BoardScan> = {}): BoardScan {
  const list = (column: Column): ReadonlyMap<string, FileIdentity> =>
    new Map((files[column] ?? []).map((name) => [fileNameOf(id(name)), identity()]));
  return {
    inbox: new Map(),
    strays: new Map(),
    unsettled: new Map(),
    columns: {
      queued: list('queued'),
      active: list('active'),
      attention: list('attention'),
      done: list('done'),
      archive: list('archive'),
    },
    commands: [],
    grants: new Map(),
    ...rest,
  };
}

/** A task met for the first time, with the given differences from one without a past. */
export function loadedIn(column: Column, name: string, patch: Partial<LoadedTask> = {}): LoadedTask {
  return {
    file: fileIn(column, name),
    isGone: false,
    spec: makeSpec({ id: id(name) }),
    diagnostics: [],
    facts: { highestRun: 0, damaged: [], runs: [], verdict: null, review: null },
    lastRun: null,
    ...patch,
  };
}

/** A result that is no error, with the given differences. */
export function makeResult(patch: Partial<AgentResult> = {}): AgentResult {
  return {
    isError: false,
    subtype: 'success',
    apiErrorStatus: null,
    numTurns: 3,
    costUsd: 0.5,
    text: 'All is done.',
    errors: [],
    report: null,
    ...patch,
  };
}

/** An end for which a service or an account is to blame, as it is known from the agent's words. */
export function meetWall(reason: PauseReason, until: number | null = null): RunExit {
  const service = { reason, detail: `${reason} is in the way`, until };
  const result = makeResult({ isError: true, costUsd: 0 });
  return makeExit({ result }, { exitCode: 1, endedBy: { kind: 'service', service } });
}

/** An end with exit code 0 and what the stream told. */
export function makeExit(view: Partial<RunView> = {}, patch: Partial<RunExit> = {}): RunExit {
  return {
    endedAt: start,
    exitCode: 0,
    signal: null,
    stopped: null,
    endedBy: view.result == null ? { kind: 'broken-off', service: null } : { kind: 'ended' },
    view: { ...emptyRunView, sessionId: 'session', costUsd: view.result?.costUsd ?? 0, ...view },
    stderrTail: '',
    moved: [],
    ...patch,
  };
}

/** One commit and a clean worktree, with the given differences. */
export function makeEvidence(patch: Partial<Evidence> = {}): Evidence {
  return {
    tip: 'tip',
    commits: 1,
    diffstat: { files: 1, insertions: 1, deletions: 0 },
    changesWhatRuns: [],
    ...{ asGiven: [], ignored: [], repositories: [], elsewhere: [], merge: null },
    dirty: [],
    verify: [],
    moved: [],
    ...patch,
  };
}

/** See the file's head. */
export class Scene {
  board: Board;
  at = start;
  #asked = 0;
  /** What the last event led to, the history aside. */
  effects: readonly Effect[] = [];
  /** What the last event added to the history. */
  journal: readonly HistoryEntry[] = [];

  constructor(settings: Partial<Settings> = {}) {
    this.board = { ...emptyBoard, settings: { ...defaultSettings, ...settings } };
  }

  /** Something happens. */
  tell(event: Untimed<BoardEvent>): this {
    const next = step(this.board, { ...event, at: this.at });
    this.board = next.board;
    this.effects = next.effects.filter((effect) => effect.type !== 'journal');
    this.journal = next.effects.flatMap((effect) => (effect.type === 'journal' ? [effect.entry] : []));
    return this;
  }

  /** A command is asked, by a verb unless `by` says otherwise; its asker saw the task as it is, or as `seen` says. */
  ask(command: Command, seen?: Seen | null, by: 'cli' | 'dashboard' = 'cli'): this {
    const id = makeCommandId(this.at, String(++this.#asked).padStart(8, '0'));
    const task = 'task' in command ? this.board.live.get(keyOf(command.task)) : undefined;
    const now = task === undefined ? null : { column: task.file.column, run: task.past.runs };
    const request = { version: 1, id, by, at: this.at, seen: seen === undefined ? now : seen, command } as const;
    this.tell({ type: 'command-read', id, read: { kind: 'known', request } });
    if (this.effects.some((effect) => effect.type === 'write-pause')) this.tell({ type: 'command-kept', id });
    return this;
  }

  /** Time goes by. */
  wait(ms: number): this {
    this.at += ms;
    return this.tell({ type: 'tick', day: '' });
  }

  /** The board meets these tasks in `queued/`, all at once. */
  queue(...specs: readonly (Partial<Omit<TaskSpec, 'id'>> & { readonly id: string })[]): this {
    this.tell({ type: 'scanned', scan: scanOf({ queued: specs.map((spec) => spec.id) }) });
    for (const spec of specs) {
      const loaded = loadedIn('queued', spec.id, { spec: makeSpec({ ...spec, id: id(spec.id) }) });
      this.tell({ type: 'task-loaded', loaded });
    }
    return this;
  }

  /** The board meets one task with a past. */
  load(loaded: LoadedTask): this {
    const name = loaded.file.name.slice(0, -'.md'.length);
    this.tell({ type: 'scanned', scan: scanOf({ [loaded.file.column]: [name] }) });
    return this.tell({ type: 'task-loaded', loaded });
  }

  /** The plan that was asked for is written, the file moved, and the agent at work. */
  run(name: string): RunPlan {
    const plan = this.plan(name);
    this.tell({ type: 'moved', task: plan.task, file: fileIn('active', name) });
    this.tell({ type: 'run-started', run: plan, setAside: [] });
    return plan;
  }

  /** The plan that was asked for is written. */
  plan(name: string): RunPlan {
    const task = this.task(name);
    if (task.state !== 'active' || task.phase.name !== 'planning') throw new Error(`${name} is not being planned`);
    const { next } = task.phase;
    const plan = makePlan({
      task: task.id,
      n: task.past.runs + 1,
      attempt: next.attempt,
      freeRestarts: next.freeRestarts,
      cause: next.cause,
      purpose: purposeOf(task.spec, next.cause),
      role: next.cause.kind === 'judging' ? 'judge' : task.spec.agent,
      plannedAt: this.at,
      terms: termsOf(this.board, task.spec, { terms: null }),
      session: next.resume === null ? { mode: 'fresh', id: 'session' } : { mode: 'resume', id: next.resume },
    });
    this.tell({ type: 'run-planned', task: task.id, plan, spec: task.spec, rights: this.rights(name) });
    return plan;
  }

  /** What a task was granted. */
  rights(name: string): readonly Right[] {
    return this.board.grants.get(keyOf(id(name)))?.rights ?? [];
  }

  /** The user grants a task rights, and the board sees it; its files are where they were. */
  grant(name: string, ...rights: readonly Right[]): this {
    const { scan } = this.board;
    if (scan === null) throw new Error('nothing was scanned yet');
    const grant: Grant = { version: 1, task: id(name), origin: 'dropped', rights };
    return this.tell({ type: 'scanned', scan: { ...scan, grants: new Map(scan.grants).set(keyOf(id(name)), grant) } });
  }

  /** The agent ends. */
  exit(plan: RunPlan, exit: RunExit): this {
    return this.tell({ type: 'run-exited', run: plan, exit: { ...exit, endedAt: this.at } });
  }

  /** The agent ends well, its work is found, and all is written. */
  finish(name: string, plan: RunPlan): this {
    this.exit(plan, makeExit({ result: makeResult() }));
    this.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    return this.settle(name);
  }

  /** The agent ends well by its word, and what it left is found. */
  find(plan: RunPlan, exit: RunExit, evidence: Partial<Evidence> = {}): this {
    this.exit(plan, exit);
    return this.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence(evidence) });
  }

  /** What was decided of a task is written and its file moved. */
  settle(name: string): this {
    const task = this.task(name);
    if (task.state !== 'settling') throw new Error(`${name} is not settling`);
    const { settlement } = task;
    const to = settlement.to === 'queued' ? 'queued' : settlement.verdict.column;
    return this.tell({ type: 'moved', task: task.id, file: fileIn(to, name) });
  }

  /** A live task. */
  task(name: string): Task {
    const task = this.board.live.get(keyOf(id(name)));
    if (task === undefined) throw new Error(`${name} is not live`);
    return task;
  }

  /** The last effects' kinds, of one kind of effect each task. */
  get asked(): readonly EffectKind[] {
    return this.effects.map((effect) => effect.type);
  }

  /** Each live task with its state, and with its phase where an agent is on it. */
  get states(): Readonly<Record<string, string>> {
    const live = [...this.board.live.values()];
    return Object.fromEntries(live.map((task) => [task.id, task.state === 'active' ? task.phase.name : task.state]));
  }
}

/** A task id, for tables. */
export function ids(...names: readonly string[]): readonly TaskId[] {
  return names.map((name) => parseTaskId(name) ?? id(name));
}

/** The report of an agent that asks. */
export const askingReport = {
  status: 'needs-input',
  summary: '',
  questions: ['Left or right?'],
  options: [],
  followUps: [],
  subtasks: [],
  answers: [],
  dropped: [],
  judgement: null,
} as const;
