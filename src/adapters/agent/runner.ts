/**
 * Runs agents: starts them, follows their streams, ends them, cleans up behind them, and takes over those that an
 * earlier board started. Everything about a run is in its folder, so that this object can be lost at any time.
 *
 *   start ──► launched ──┐
 *                        ├──► followed ──► gone ──► swept ──► stream read to its end ──► exited
 *   recover ──► alive ───┘
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { agentTraits, type AgentKind } from '../../domain/agent-kind.ts';
import type { LastRun } from '../../domain/outside-answers.ts';
import { limits } from '../../domain/limits.ts';
import { applyTerms } from '../../domain/run-terms.ts';
import { formatRunId, parseRunId, type RunId, type RunPlan, type RunView, type StopCause } from '../../domain/run.ts';
import type { Sandbox } from '../../domain/sandbox.ts';
import type { Settings } from '../../domain/settings.ts';
import type { AgentRunner, Clock, RunListener, RunRequest } from '../../ports.ts';
import { composeEnvironment, tagOf, type GitIdentity } from '../machine/environment.ts';
import { boundTrace } from '../machine/git-trace.ts';
import type { AgentDriver } from './driver/agent-driver.ts';
import { createDrivers } from './drivers.ts';
import { Ending } from './ending.ts';
import { Beat, StreamFollower } from './follow.ts';
import { boundAgent, equipInside, prepareInside } from './inside.ts';
import { launchAgent, readStderrTail, type ChildExit } from './launch.ts';
import { removeTempFolder } from './temp-folder.ts';
import {
  findDescendants,
  findOfBoard,
  isAlive,
  listChildren,
  signalGroup,
  type ProcessMark,
} from '../machine/processes.ts';
import { endRun, findRun } from './recover.ts';
import { sweepRun } from '../machine/sweep.ts';
import { defaultTimings, type Timings } from '../machine/timings.ts';

/** Dependencies of a runner. */
export interface AgentRunnerOptions {
  /** `.orchestrator/`, absolute. */
  readonly boardDir: string;
  /** Asked at each start, since settings change while the board runs. */
  readonly settings: () => Settings;
  readonly listener: RunListener;
  readonly clock: Clock;
  /** The daemon's own environment. */
  readonly environment: NodeJS.ProcessEnv;
  /** Whether agents' commands are confined. */
  readonly sandbox: Promise<Sandbox>;
  /** The git folder that all worktrees share. */
  readonly commonDir: string;
  /** The user's own `core.excludesFile`, absolute; null where there is none. */
  readonly excludesFile: () => Promise<string | null>;
  /** The identity to lend to agents' commits, or null where the machine has its own. */
  readonly identity: () => Promise<GitIdentity | null>;
  /** For tests. */
  readonly timings?: Partial<Timings>;
  /** For tests; else `limits.maxStreamBytes`. */
  readonly maxStreamBytes?: number;
}

/** Makes the runner of one board. */
export function createAgentRunner(options: AgentRunnerOptions): AgentRunner {
  return new ProcessRunner(options);
}

/** A run that is followed. */
interface Followed {
  readonly plan: RunPlan;
  readonly mark: ProcessMark;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly follower: StreamFollower;
  readonly ending: Ending;
  /** Started by us, so that its exit event comes. */
  readonly child: boolean;
  readonly leaveBeat: () => void;
  /**
   * Living processes that descend from the agent, as noted while it ran. A process that loses its environment (emptied,
   * or overwritten by a title, as nginx, redis and postgres do) and then its parent is found here alone.
   */
  readonly descendants: Map<number, ProcessMark>;
  toldView: RunView | null;
  toldOutputAt: number;
  leaving: boolean;
}

class ProcessRunner implements AgentRunner {
  readonly #options: AgentRunnerOptions;
  readonly #timings: Timings;
  readonly #drivers: Readonly<Record<AgentKind, AgentDriver>>;
  readonly #beat: Beat;
  readonly #noteBeat: Beat;
  #leaveNoteBeat: (() => void) | null = null;
  readonly #runs = new Map<string, Followed>();

  constructor(options: AgentRunnerOptions) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#drivers = createDrivers(options.clock);
    this.#beat = new Beat(options.clock, this.#timings.followEveryMs);
    this.#noteBeat = new Beat(options.clock, this.#timings.noteEveryMs);
  }

  async start(request: RunRequest): Promise<void> {
    const { plan } = request;
    const { boardDir, clock, environment, identity, commonDir, excludesFile } = this.#options;
    const sandbox = await this.#options.sandbox;
    const { agent, sandbox: bounds } = applyTerms(this.#options.settings(), plan.terms);
    const folder = this.#folderOf(plan);
    const isConfined = sandbox.kind === 'on' && !agentTraits[agent.kind].isBuiltIn;
    const composed = composeEnvironment({
      plan,
      boardDir,
      inherited: environment,
      configured: agent.env,
      identity: await identity(),
      // Hooks run files of the branch, outside of all that the agent was allowed by name.
      hooks: sandbox.kind !== 'missing',
      confined: isConfined ? await prepareInside(folder, plan.workspace, commonDir, await excludesFile()) : null,
    });
    const env = isConfined ? await equipInside(folder, composed) : composed;
    const confinement = isConfined ? await boundAgent(plan.workspace, { commonDir, boardDir }, bounds) : null;
    const call = await this.#driverOf(plan).call({ request, agent, confinement, folder, boardDir, env });
    const place = { folder, cwd: plan.workspace.path, env };
    const launched = await launchAgent({ ...place, ...call }, clock, this.#timings);
    const fresh = { child: true, follower: this.#openStream(plan, request.permissionMode) };
    const run = this.#follow(plan, launched.mark, launched.claimedAt, fresh);
    void launched.exited.then((exit) => this.#leave(run, exit));
  }

  stop(run: RunId, cause: StopCause, hurried: boolean): void {
    this.#runs.get(formatRunId(run))?.ending.stop(cause, hurried);
  }

  async recover(plan: RunPlan): Promise<LastRun> {
    const known = this.#runs.get(formatRunId(plan));
    if (known !== undefined) return { kind: 'alive', view: known.follower.view, startedAt: known.startedAt };
    const { boardDir, clock } = this.#options;
    const found = await findRun(plan, this.#folderOf(plan), boardDir, this.#driverOf(plan), clock, this.#timings);
    if (found.kind !== 'alive') {
      await removeTempFolder(this.#folderOf(plan));
      return found;
    }
    const follower = this.#openStream(plan);
    await follower.catchUp();
    // Reported as alive before its end can be: following starts only now.
    this.#follow(plan, found.mark, found.claimedAt, { child: false, follower });
    return { kind: 'alive', view: follower.view, startedAt: found.claimedAt };
  }

  letGo(): void {
    for (const run of this.#runs.values()) run.leaveBeat();
    this.#leaveNoteBeat?.();
    this.#leaveNoteBeat = null;
    this.#runs.clear();
  }

  async findRunning(): Promise<readonly RunId[]> {
    const found = await findOfBoard(this.#options.boardDir, null);
    const runs = new Map(found.map(({ run }) => [run, run === null ? null : parseRunId(run)]));
    return [...runs.values()].filter((run) => run !== null);
  }

  async endStray(run: RunId): Promise<void> {
    if (this.#runs.has(formatRunId(run))) return;
    const { boardDir, clock } = this.#options;
    await endRun(run, this.#folderOf(run), boardDir, clock, this.#timings);
    await removeTempFolder(this.#folderOf(run));
  }

  /** The plan says by whose rules its stream is read, whichever agent the settings name by now. */
  #driverOf({ terms }: RunPlan): AgentDriver {
    return this.#drivers[applyTerms(this.#options.settings(), terms).agent.kind];
  }

  #folderOf(run: RunId): string {
    return path.join(this.#options.boardDir, 'runs', run.task, String(run.n));
  }

  /** Of a run that another board started it is not known which permission mode it asked for. */
  #openStream(plan: RunPlan, askedMode: string | null = null): StreamFollower {
    const file = path.join(this.#folderOf(plan), 'stream.jsonl');
    return new StreamFollower(file, this.#driverOf(plan).openStream(plan.session, askedMode), this.#maxBytes);
  }

  get #maxBytes(): number {
    return this.#options.maxStreamBytes ?? limits.maxStreamBytes;
  }

  /** Whether the agent printed, or somebody wrote in its place, more than one run may. */
  #isFlooded({ plan, follower }: Followed): boolean {
    return follower.isTooLong || sizeOf(path.join(this.#folderOf(plan), 'stderr.log')) >= this.#maxBytes;
  }

  #follow(
    plan: RunPlan,
    mark: ProcessMark,
    startedAt: number,
    { child, follower }: { readonly child: boolean; readonly follower: StreamFollower },
  ): Followed {
    const { clock } = this.#options;
    const run: Followed = {
      plan,
      mark,
      startedAt,
      child,
      follower,
      ending: new Ending({
        clock,
        timings: this.#timings,
        send: (signal) => {
          if (run.ending.cause === 'lingering') follower.noteLingering();
          noteDescendants([run]);
          signalGroup(mark, signal);
        },
      }),
      descendants: new Map(),
      leaveBeat: this.#beat.join(() => void this.#look(run)),
      toldView: null,
      toldOutputAt: 0,
      leaving: false,
    };
    this.#runs.set(formatRunId(plan), run);
    this.#leaveNoteBeat ??= this.#noteBeat.join(() => noteDescendants([...this.#runs.values()]));
    return run;
  }

  /** On each beat: what is new in the stream, and whether the agent is still there. */
  async #look(run: Followed): Promise<void> {
    // Looked at before the stream is read: what a process wrote before it was seen gone is then read as well.
    const gone = !run.child && !isAlive(run.mark);
    if (gone) run.follower.markEnd();
    await run.follower.catchUp();
    if (run.leaving) return;
    this.#tell(run);
    boundTrace(this.#folderOf(run.plan));
    if (this.#isFlooded(run)) run.ending.stop('output-limit', false);
    if (!run.follower.isThrough) run.ending.expectWork();
    else if (run.ending.expectEnd()) noteDescendants([run]);
    if (gone) await this.#leave(run, { exitCode: null, signal: null });
  }

  #tell(run: Followed): void {
    const { view, lastOutputAt } = run.follower;
    const outputAt = lastOutputAt ?? run.startedAt;
    if (view === run.toldView && outputAt < run.toldOutputAt + this.#timings.outputReportEveryMs) return;
    run.toldView = view;
    run.toldOutputAt = outputAt;
    this.#options.listener.seen(run.plan, view, outputAt);
  }

  async #leave(run: Followed, exit: ChildExit): Promise<void> {
    if (run.leaving) return;
    run.leaving = true;
    const { boardDir, clock, listener } = this.#options;
    const endedAt = clock.now();
    run.leaveBeat();
    run.ending.settle();
    run.follower.markEnd();
    const tag = tagOf(run.plan, boardDir);
    await sweepRun(tag, run.mark.start, clock, this.#timings, [...run.descendants.values()]);
    const isForced = run.ending.cause !== null || exit.signal !== null;
    await run.follower.finish({ exitCode: exit.exitCode, isForced });
    const stderrTail = await readStderrTail(this.#folderOf(run.plan));
    await removeTempFolder(this.#folderOf(run.plan));
    this.#runs.delete(formatRunId(run.plan));
    if (this.#runs.size === 0) {
      this.#leaveNoteBeat?.();
      this.#leaveNoteBeat = null;
    }
    const { view } = run.follower;
    const raw = { endedAt, ...exit, stopped: run.ending.cause, view, stderrTail, moved: [] };
    listener.exited(run.plan, { ...raw, endedBy: this.#driverOf(run.plan).explainEnd(raw) });
  }
}

/** The size of a file in bytes; 0 where it can't be read. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Looks at all processes once, for all these runs. */
function noteDescendants(runs: readonly Followed[]): void {
  const children = listChildren();
  for (const { mark, descendants } of runs) {
    const known = [...descendants.values()].filter(isAlive);
    const found = findDescendants([mark, ...known], children);
    descendants.clear();
    for (const each of [...known, ...found]) descendants.set(each.pid, each);
  }
}
