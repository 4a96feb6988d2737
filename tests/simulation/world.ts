/** What is outside of the daemon and outlives it: files, facts, branches, the clock, and who did what. */
import { explainClaudeEnd } from '../../src/adapters/agent/claude/claude-end.ts';
import { findWaitingOn } from '../../src/core/dependencies.ts';
import { checkBoard } from '../../src/core/invariants.ts';
import type { Board, FileIdentity, Stray, TaskFile } from '../../src/domain/board.ts';
import type { CommandAnswer, CommandId, CommandRequest } from '../../src/domain/command.ts';
import type { AskedLine, Note } from '../../src/domain/agent-note.ts';
import type { Hold } from '../../src/domain/hold.ts';
import type { HistoryEntry } from '../../src/domain/history.ts';
import { isAuthors } from '../../src/domain/run-purpose.ts';
import type { RunExit, RunPlan, RunRecord, RunView, StopCause } from '../../src/domain/run.ts';
import { mergedAtOf, type Review } from '../../src/domain/review.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import type { Grant, Right } from '../../src/domain/rights.ts';
import type { Sandbox } from '../../src/domain/sandbox.ts';
import {
  columns,
  keyOf,
  withoutNumber,
  type Argv,
  type Column,
  type TaskId,
  type TaskKey,
} from '../../src/domain/task.ts';
import { stripStory } from '../../src/markdown/story.ts';
import type { RunListener, RunRequest } from '../../src/ports.ts';
import { Conflicts } from './conflicts.ts';
import { Prng } from './prng.ts';
import { VirtualTime } from './virtual-time.ts';

/** The commit that a branch is at once it has so many of its task's: an object id, since boxes name it. */
export function tipOf(commits: number): string {
  return String(commits).padStart(40, '0');
}

/** A task's file. The user's part of it is known, so that it can be seen to stay what it is. */
export interface StoredFile {
  text: string;
  userText: string;
  identity: FileIdentity;
}

/** A file in the inbox. */
export interface InboxEntry {
  readonly text: string;
  readonly identity: FileIdentity;
}

/** An agent: it runs whether or not a daemon looks at it. */
export interface Agent {
  readonly plan: RunPlan;
  readonly facts: TaskFolder;
  /** By the wall clock. */
  readonly startedAt: number;
  view: RunView;
  /** By the wall clock. */
  lastOutputAt: number;
  /** When it began and when it spoke last, by the time that really went by. */
  readonly begunAt: number;
  heardAt: number;
  alive: boolean;
  exitCode: number | null;
  signal: string | null;
  stopCause: StopCause | null;
  /** Who follows it. */
  follower: { readonly life: Life; readonly listener: RunListener; leaving: boolean; readonly adopted: boolean } | null;
  readonly forget: (() => void)[];
}

/** `runs/TASK/N/`. */
export interface RunFolder {
  plan: RunPlan;
  record: RunRecord | null;
  /** Whether its facts can't be understood any more. What they said stays known to the world. */
  readonly damaged: Set<'plan' | 'record'>;
  claim: 'none' | 'closed' | Agent;
}

/** A note to a task's agents. */
export interface SimulatedNote extends Note {
  /** The run whose prompt tells it. */
  toldBy: number | null;
  /** When an agent at work took it. */
  readAt: number | null;
}

/** `runs/TASK/`. */
export interface TaskFolder {
  readonly runs: Map<number, RunFolder>;
  verdict: Verdict | null;
  isVerdictDamaged: boolean;
  review: Review | null;
  isReviewDamaged: boolean;
  /** Notes to its agents by their keys. */
  readonly notes: Map<string, SimulatedNote>;
  /** All that the user ever granted to the task. */
  readonly granted: Set<Right>;
}

/** A branch, and the worktree of the same task. */
export interface Tree {
  readonly branch: string | null;
  readonly base: string;
  commits: number;
  dirty: boolean;
  ready: boolean;
}

/** One daemon process. When it is dead, nothing that it still does reaches the world. */
export interface Life {
  readonly number: number;
  alive: boolean;
}

/** How rough a simulation is. */
export interface Weather {
  /** Of a daemon's end, at each call to a port. */
  readonly crash: number;
  /** Of an error, at each call to a port. */
  readonly fault: number;
  /** Of something that the user does, at each call to a port. */
  readonly meddle: number;
  /** Of an ending that is no plain success, for each run. */
  readonly trouble: number;
  /** That all agents go down with the daemon, at each of its crashes. */
  readonly reboot: number;
  /** That one fact can't be understood any more, at each start of a daemon. */
  readonly damage: number;
}

const startAt = Date.UTC(2026, 2, 2, 10);

/** See the file's head. */
export class World {
  readonly random: Prng;
  readonly time = new VirtualTime(startAt);
  readonly columns: Readonly<Record<Column, Map<string, StoredFile>>> = {
    queued: new Map(),
    active: new Map(),
    attention: new Map(),
    done: new Map(),
    archive: new Map(),
  };
  readonly inbox = new Map<string, InboxEntry>();
  readonly strays = new Map<string, Stray>();
  readonly folders = new Map<TaskId, TaskFolder>();
  grants: ReadonlyMap<TaskKey, Grant> = new Map();
  readonly trees = new Map<string, Tree>();
  readonly conflicts: Conflicts;
  /** Tasks with the commits of theirs that were merged. */
  readonly merged = new Set<string>();
  /** Tasks whose branches were discarded and not made again. */
  readonly discarded = new Set<string>();
  /** The bases of tasks whose branches were restacked. */
  readonly restacked = new Map<TaskId, string>();
  readonly agents = new Set<Agent>();
  /** The lines of User Notes that became commands, and the commands that any ever became. */
  lines: readonly AskedLine[] = [];
  readonly asLine = new Set<CommandId>();
  /** The keys of notes that were laid down. */
  readonly laid = new Set<string>();
  readonly journal: HistoryEntry[] = [];
  readonly log: string[] = [];
  readonly hinters = new Set<() => void>();
  weather: Weather;
  /** What the daemon finds that runs now. */
  sandbox: Sandbox = { kind: 'off' };
  paused = false;
  /** What the user asked and the board has not settled. */
  readonly commands = new Map<CommandId, CommandRequest>();
  readonly #told = new Set<string>();
  readonly #answered = new Map<CommandId, string>();
  /** Nothing can be written. */
  diskFull = false;
  /** How far the wall clock was set forward, or back, or moved while the machine slept, in milliseconds. */
  clockAhead = 0;
  boots = 1;
  hold: Hold | null = null;
  /** When the hold was written, by the wall clock. */
  holdWrittenAt = 0;
  /** The clock was set since: set forth and back, it ends a hold that backs off sooner. */
  isClockSetSince = false;
  /** The board ended the hold, as where the user raised the budget, and the fault of a call has left the fact of it. */
  isLiftUnwritten = false;
  settingsText = '';
  settingsVersion = 0;
  dashboard: string | null = null;
  notes = '';
  /** Problems found, the first of which the simulation fails with. */
  readonly broken: string[] = [];
  /** Runs whose record could not be written, by an injected fault. */
  readonly unrecorded = new Set<RunPlan>();
  maxParallelEver = 3;
  maxRetriesEver = 1;
  /** When a file was last in `done/`, by task. */
  readonly lastDoneAt = new Map<string, number>();
  /** When a file came into `archive/`, by the wall clock. */
  readonly putAwayAt = new Map<string, number>();
  /** Files that the user deleted. */
  deleted = 0;
  accepted = 0;
  /** Set while the user may do something in the middle of a call. */
  meddle: (() => void) | null = null;
  /** Does the work of an agent that succeeds, beside the commits that are counted. */
  work: ((plan: RunPlan) => void) | null = null;
  readonly #isLogged: boolean;
  readonly #seen = new Set<RunPlan>();
  #inodes = 1;
  #hash = 0;

  constructor(seed: number, weather: Weather, isLogged: boolean) {
    this.random = new Prng(seed);
    this.conflicts = new Conflicts(this.random);
    this.weather = weather;
    this.#isLogged = isLogged;
  }

  /** What the wall clock shows. */
  get wall(): number {
    return this.time.now + this.clockAhead;
  }

  /** A fingerprint of all that was logged. */
  get fingerprint(): number {
    return this.#hash;
  }

  /** Writes a line of the simulation's log. */
  note(make: () => string): void {
    if (!this.#isLogged) return;
    const line = `${String(this.time.now - startAt).padStart(9)} ${make()}`;
    for (let index = 0; index < line.length; index++) {
      this.#hash = (Math.imul(this.#hash, 31) + line.charCodeAt(index)) | 0;
    }
    this.log.push(line);
  }

  /** Notes a broken promise. */
  breakOff(problem: string): void {
    this.note(() => `BROKEN ${problem}`);
    this.broken.push(problem);
  }

  /** A new version of a file. */
  identify(text: string): FileIdentity {
    return { inode: this.#inodes++, size: text.length, mtimeMs: this.wall };
  }

  /** Where a task's file is. */
  find(name: string): TaskFile | null {
    for (const column of columns) {
      const file = this.columns[column].get(name);
      if (file !== undefined) return { column, name, identity: file.identity };
    }
    return null;
  }

  /** A task's folder of facts, made where there is none. */
  folderOf(task: TaskId): TaskFolder {
    const known = this.folders.get(task);
    if (known !== undefined) return known;
    const facts = { verdict: null, isVerdictDamaged: false, review: null, isReviewDamaged: false };
    const made: TaskFolder = { runs: new Map(), notes: new Map(), ...facts, granted: new Set() };
    this.folders.set(task, made);
    return made;
  }

  /** Keeps what the user grants to a task. */
  putGrant(grant: Grant): void {
    this.grants = new Map(this.grants).set(keyOf(grant.task), grant);
    for (const right of grant.rights) this.folderOf(grant.task).granted.add(right);
    this.note(() => `granted to ${grant.task}: ${grant.rights.join(', ')}`);
  }

  /** What was granted to a task is forgotten. */
  dropGrant(task: TaskId): void {
    const grants = new Map(this.grants);
    if (grants.delete(keyOf(task))) this.grants = grants;
  }

  /** Renames between columns, by whomever. */
  rename(file: { readonly column: Column; readonly name: string }, to: Column, name = file.name): void {
    const stored = this.columns[file.column].get(file.name);
    if (stored === undefined || this.columns[to].has(name)) throw new Error(`can't rename ${file.name}`);
    this.columns[file.column].delete(file.name);
    this.columns[to].set(name, stored);
    if (to === 'archive') this.putAwayAt.set(name, this.wall);
    const key = file.name.toLowerCase();
    if (to === 'done' || file.column === 'done') this.lastDoneAt.set(key, this.time.now);
  }

  /** Tells whoever watches that something changed: mostly soon, sometimes late, twice or never. */
  hint(): void {
    const { random } = this;
    if (random.chance(0.2)) return;
    for (let count = random.chance(0.1) ? 2 : 1; count > 0; count--) {
      const delayMs = random.chance(0.1) ? random.int(200, 8_000) : random.int(0, 60);
      this.time.after(delayMs, () => {
        for (const hinter of [...this.hinters]) hinter();
      });
    }
  }

  /** One fact of one task can't be understood any more: it is emptied, or cut in its middle. */
  damageFact(): void {
    const folders = [...this.folders];
    if (folders.length === 0) return;
    const [task, folder] = this.random.pick(folders);
    const runs = [...folder.runs.values()];
    const what = this.random.pick(['plan', 'record', 'verdict', 'review'] as const);
    this.note(() => `a ${what} of ${task} is damaged`);
    if (what === 'verdict') folder.isVerdictDamaged = folder.verdict !== null;
    else if (what === 'review') folder.isReviewDamaged = folder.review !== null;
    else if (runs.length > 0) this.random.pick(runs).damaged.add(what);
  }

  /** A command was settled. */
  noteAnswer(id: CommandId, answer: CommandAnswer): void {
    this.note(() => `${id} is answered: ${answer.kind} ${answer.said}`);
    if (this.#answered.has(id)) this.breakOff(`${id} was answered twice`);
    this.#answered.set(id, answer.said);
    const isNote = answer.said.startsWith('its agent is told') && !this.asLine.has(id);
    if (isNote && !this.laid.has(id)) this.breakOff(`the note ${id} was answered and not laid down`);
  }

  /** A session is told a note: by a hook, or by the prompt of the run that was just claimed. */
  tellNote(session: string, { key }: Note): void {
    const telling = `${session} ${key}`;
    this.note(() => `told: ${telling}`);
    if (this.#told.has(telling)) this.breakOff(`the note ${key} was told twice to ${session}`);
    this.#told.add(telling);
  }

  /** Whether a command about that file waits, so that the board may do with it what only the user may. */
  isAsked(name: string): boolean {
    const own = withoutNumber(name);
    return [...this.commands.values()].some(
      ({ command }) => 'task' in command && `${command.task}.md`.toLowerCase() === own.toLowerCase(),
    );
  }

  /** Ends an agent's process. */
  endAgent(agent: Agent, exitCode: number | null, signal: string | null): void {
    if (!agent.alive) return;
    agent.alive = false;
    agent.exitCode = exitCode;
    agent.signal = signal;
    for (const forget of agent.forget) forget();
    this.agents.delete(agent);
    this.note(() => `agent ${agent.plan.task}/${agent.plan.n} ended: ${exitCode ?? signal ?? ''}`);
    this.tellExit(agent);
  }

  /** Tells an agent's end to whoever follows it, once what it left behind is swept. */
  tellExit(agent: Agent): void {
    const { follower } = agent;
    if (follower === null || follower.leaving) return;
    follower.leaving = true;
    const { exitCode, signal, stopCause, view } = agent;
    const end = { exitCode, signal, stopped: stopCause, view, stderrTail: '', moved: [] };
    const raw = { endedAt: this.wall, ...end };
    const exit: RunExit = { ...raw, endedBy: explainClaudeEnd(raw) };
    this.time.after(this.random.int(0, 300), () => {
      if (!follower.life.alive) return;
      agent.follower = null;
      follower.listener.exited(agent.plan, exit);
    });
  }

  /** What must hold when an agent's process begins. */
  checkSpawn(plan: RunPlan): void {
    const { path } = plan.workspace;
    const folder = this.folders.get(plan.task);
    this.checkSession(plan, folder);
    for (const agent of this.agents) {
      if (agent.plan.workspace.path === path || agent.facts === folder) {
        this.breakOff(`two agents are on ${plan.task}: runs ${agent.plan.n} and ${plan.n}`);
      }
    }
    if (this.isHeld(plan)) this.breakOff(`${plan.task} was planned while the board was held`);
    if (this.trees.get(path)?.ready !== true) this.breakOff(`${plan.task} started in a worktree that is not ready`);
    const known = [...this.agents].filter(
      (agent) => this.isKnown(agent) && this.columns.active.has(`${agent.plan.task}.md`),
    );
    if (known.length + 1 > this.maxParallelEver) {
      this.breakOff(`${known.length + 1} agents at once, at most ${this.maxParallelEver} may be`);
    }
  }

  /** The task's own agent shares no session with the one that resolved a conflict below it, and begins at the resolution that was kept. */
  checkSession(plan: RunPlan, folder: TaskFolder | undefined): void {
    for (const other of folder?.runs.values() ?? []) {
      const isOther = (other.plan.conflict === null) !== (plan.conflict === null);
      if (isOther && other.plan.session.id === plan.session.id)
        this.breakOff(
          `${plan.task}/${plan.n} goes on with the session of run ${other.plan.n}, which is for something else`,
        );
    }
    const isConflict = plan.workspace.base.startsWith('conflict of ');
    if (isConflict !== (plan.purpose === 'integrate')) this.breakOff(`${plan.task}/${plan.n} begins at a conflict`);
  }

  /** What must hold of the rights that a run is started with: no settings of a simulation, and no role, give any of these. */
  checkRights({ plan, permissionMode, allowedTools }: RunRequest): void {
    const granted = this.folderOf(plan.task).granted;
    const taken: readonly Right[] = [
      ...(['acceptEdits', 'dontAsk', 'plan'].includes(permissionMode)
        ? []
        : ([`permission_mode ${permissionMode}`] as const)),
      ...allowedTools.filter((tool) => tool === 'Bash').map((tool): Right => `allowed_tools ${tool}`),
      ...allowedTools
        .filter((tool) => tool === 'Bash(make)' && this.sandbox.kind !== 'on')
        .map((): Right => 'verify make'),
    ];
    for (const right of taken) {
      if (!granted.has(right)) this.breakOff(`${plan.task} runs with ${right}, which nobody granted`);
    }
  }

  /** What must hold of a check that runs: it is of the settings, is confined, or was granted. */
  checkCommand({ task }: RunPlan, argv: Argv): void {
    const isOwn = argv[0] !== 'make' || this.sandbox.kind === 'on';
    if (!isOwn && !this.folderOf(task).granted.has('verify make'))
      this.breakOff(`${task} is checked with make, which nobody granted`);
  }

  /** Whether a run was planned after a limit was known and before it was due. What only the user can mend is tried at each start. */
  isHeld({ plannedAt }: RunPlan): boolean {
    const { hold, holdWrittenAt } = this;
    if (hold === null || this.isLiftUnwritten || this.clockAhead !== 0 || this.isClockSetSince) return false;
    if (hold.reason === 'auth' || hold.reason === 'credit') return false;
    // What was being planned just then goes on.
    return plannedAt > holdWrittenAt + 5_000 && plannedAt < hold.until;
  }

  /** What must hold when the board ends an agent. */
  checkStop({ plan, begunAt, heardAt, follower, stopCause, view }: Agent): void {
    // The shortest times that any settings of a simulation ask for.
    const [shortestStallMs, shortestTimeoutMs, slackMs] = [60_000, 300_000, 2_000];
    if (stopCause === 'stalled' && this.time.now - heardAt < shortestStallMs - slackMs) {
      this.breakOff(`${plan.task} was ended as stalled, though it spoke ${this.time.now - heardAt} ms ago`);
    }
    if (stopCause === 'stalled' && view.openTools > 0) {
      this.breakOff(`${plan.task} was ended as stalled while a tool of it ran`);
    }
    // A board that takes an agent over knows when it began by the wall clock alone.
    if (
      stopCause === 'timeout' &&
      follower?.adopted === false &&
      this.time.now - begunAt < shortestTimeoutMs - slackMs
    ) {
      this.breakOff(`${plan.task} was ended by its timeout after ${this.time.now - begunAt} ms`);
    }
  }

  /** Whether the board still has the task of this agent, so that it must know of the agent. */
  isKnown(agent: Agent): boolean {
    if (this.folders.get(agent.plan.task) !== agent.facts) return false;
    const column = this.find(`${agent.plan.task}.md`)?.column;
    return column === 'queued' || column === 'active' || column === 'attention';
  }

  /** What must hold when the board moves a task's file out of a column. */
  checkMove(file: TaskFile, to: Column): void {
    const { column, name } = file;
    if (column === to || this.isAsked(name)) return;
    const verdict = this.folders.get(name.slice(0, -'.md'.length) as TaskId)?.verdict ?? null;
    // A namesake is set aside.
    const isAside = column === 'done' && to === 'archive';
    if ((column === 'archive' || column === 'done') && !isAside) {
      this.breakOff(`the board moved ${name} out of ${column}/`);
    }
    const isNamesake = columns.some((each) => each !== column && each !== 'archive' && this.columns[each].has(name));
    if ((column !== 'active' && to !== 'done') || isNamesake) return;
    const folder = this.folders.get(name.slice(0, -'.md'.length) as TaskId);
    const last = [...(folder?.runs.values() ?? [])].at(-1);
    // Of a run whose plan can't be understood nothing is known.
    if (last?.record === null && !this.unrecorded.has(last.plan) && !last.damaged.has('plan')) {
      this.breakOff(`${name} left active/ for ${to}/ and run ${last.plan.n} has no record`);
    }
    if (to === 'queued') return;
    if (verdict?.fault?.detail.includes('ENOSPC') === true)
      this.breakOff(`${name} was given up since the disk was full`);
    if (verdict?.column !== to) this.breakOff(`${name} goes to ${to}/ without a verdict that says so`);
    if (to === 'done' && folder?.review?.state !== 'ready') this.breakOff(`${name} is done without an open review`);
    const authors = [...(folder?.runs.values() ?? [])].filter(({ plan }) => isAuthors(plan)).at(-1);
    if (to !== 'done' || verdict === null || folder === undefined) return;
    if (authors !== undefined) this.checkDone(name, verdict, authors);
    this.checkJudgements(name, verdict, folder);
  }

  /** What waits for its user, or is being worked on, is never pruned. */
  checkPruned({ column, name }: TaskFile, folder: TaskFolder): void {
    if (column === 'done' && mergedAtOf(folder.review) === null)
      this.breakOff(`${name} was pruned before it was merged`);
    for (const agent of this.agents) {
      if (agent.facts === folder && this.isKnown(agent)) this.breakOff(`${name} was pruned while its agent ran`);
    }
  }

  /** What is merged stays so until it is sent back, and no round begins twice. */
  checkReview(task: TaskId, { review, isReviewDamaged }: TaskFolder, next: Review): void {
    if (review === null || isReviewDamaged) return;
    if (next.round < review.round) this.breakOff(`${task} goes back to an earlier round of its review`);
    if (next.round === review.round && review.state === 'merged' && next.state === 'ready')
      this.breakOff(`${task} is ready though it was merged`);
  }

  /** Done needs evidence, or the user's word. */
  checkDone(name: string, verdict: Verdict, last: RunFolder): void {
    if (verdict.summary?.startsWith('You moved it to done/') === true) return;
    const tree = this.trees.get(last.plan.workspace.path);
    const isEarned =
      verdict.report !== null ||
      (verdict.nothingToDo && last.record?.exit.view.result?.report?.status === 'nothing-to-do') ||
      (verdict.commits > 0 && tree !== undefined && tree.commits > 0 && !tree.dirty);
    if (!isEarned) this.breakOff(`${name} is done without a commit, a report or nothing to do`);
    if (last.record?.exit.view.result?.isError !== false) this.breakOff(`${name} is done though its agent failed`);
  }

  /** What an agent said of the work is what its run recorded, and nothing is judged again that was judged. */
  checkJudgements(name: string, { judgements }: Verdict, { runs }: TaskFolder): void {
    for (const { run, commit, result } of judgements) {
      const outcome = runs.get(run)?.record?.outcome;
      const said = outcome?.kind === 'judged' ? (outcome.approves ? 'approved' : 'changes') : 'failed';
      if (said !== result) this.breakOff(`${name} is said to be judged as ${result} by run ${run}, which ${said}`);
      const others = judgements.filter((each) => each.commit === commit && each.result !== 'failed');
      if (others.length > 1) this.breakOff(`${name} was judged twice at ${commit}`);
    }
  }

  /** What must hold after each step of the daemon. */
  checkBoard(board: Board): void {
    for (const problem of checkBoard(board)) this.breakOff(problem);
    for (const task of board.live.values()) {
      if (task.state !== 'active' || task.phase.name !== 'preparing') continue;
      const { plan } = task.phase;
      if (this.#seen.has(plan)) continue;
      this.#seen.add(plan);
      for (const { id, why } of findWaitingOn(board, task)) {
        const doneAt = this.lastDoneAt.get(`${keyOf(id)}.md`) ?? -Infinity;
        if (this.columns.done.has(`${id}.md`) || this.time.now - doneAt < 60_000) continue;
        this.breakOff(`${task.id} starts before ${id}, which is ${why}`);
      }
    }
  }

  /** What must hold when a task's file is written anew. */
  checkText(file: StoredFile, text: string, name: string): void {
    if (this.isAsked(name)) {
      const bodyOf = (each: string) => stripStory(each).slice(each.indexOf('# Task')).trimEnd();
      const [before, now] = [bodyOf(file.text), bodyOf(text)];
      const added = now.slice(before.length);
      const isSaid = added === '' || /^\n\n> \(said by the user, [^)]*\)\n\nWord \d+\.$/.test(added);
      if (!now.startsWith(before) || !isSaid) this.breakOff(`the text below the frontmatter of ${name} was changed`);
      const words = now.match(/^Word \d+\.$/gm) ?? [];
      if (new Set(words).size < words.length) this.breakOff(`what was said to ${name} stands there twice`);
      file.userText = stripStory(text);
      return;
    }
    if (stripStory(text) !== file.userText) this.breakOff(`the user's text in ${name} was changed`);
  }
}
