/**
 * Reads the board from its folder at one moment, for commands that look at it while no daemon runs. Changes nothing.
 */
import { emptyBoard, step } from '../core/step.ts';
import { noDaemon, type Board } from '../domain/board.ts';
import type { LastRun } from '../domain/outside-answers.ts';
import type { Effect } from '../domain/effect.ts';
import { emptyRunView } from '../domain/run.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Settings } from '../domain/settings.ts';
import type { AgentRunner, BoardFiles, Clock, Journal, Worktrees } from '../ports.ts';
import { findMerges } from './merge-watch.ts';
import { loadTask, readVerdicts } from './load-task.ts';
import { lookAtDropped } from './take-in.ts';
import type { UntimedEvent } from './untimed-event.ts';
import { redactEvent } from './redact-event.ts';

/** Dependencies of a snapshot. */
export interface SnapshotPorts {
  readonly clock: Clock;
  readonly files: BoardFiles;
  readonly journal: Journal;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly worktrees: Pick<Worktrees, 'findMerged'>;
}

/** Nobody is asked what became of an agent: that would take its run over. */
const onlooker: Pick<AgentRunner, 'recover'> = {
  recover: (plan): Promise<LastRun> =>
    Promise.resolve({ kind: 'alive', view: emptyRunView, startedAt: plan.plannedAt }),
};

/** A task that is not in `active/` shows as where its file is. */
const nobody: typeof onlooker = { recover: (): Promise<LastRun> => Promise.resolve({ kind: 'unclaimed' }) };

/** Moved refs are not looked for: the daemon reports them once the run is settled. */
const unlooked: Pick<Worktrees, 'listMoved'> = { listMoved: () => Promise.resolve([]) };

/**
 * Reads the board; `sandbox` is what the last daemon found. It is shut down from the beginning, so that the reducer
 * starts nothing.
 */
export async function readBoard(ports: SnapshotPorts, settings: Settings, sandbox: Sandbox | null): Promise<Board> {
  const opening = [await readOpening(ports, noDaemon), { type: 'scanned', scan: await ports.files.scan() }] as const;
  const board = await follow(ports, { ...emptyBoard, settings, sandbox, shutdown: 'asked' }, opening);
  // The user may have merged since a board ran.
  const tasks = await findMerges(ports.worktrees, board);
  return tasks.length === 0 ? board : follow(ports, board, [{ type: 'merges-found', tasks }]);
}

/** The board after these events, and after those that come of reading what they ask for. */
async function follow(ports: SnapshotPorts, from: Board, events: readonly UntimedEvent[]): Promise<Board> {
  let board = from;
  const waiting = [...events];
  for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
    const next = step(board, { ...redactEvent(event, ports.redact), at: ports.clock.now() });
    board = next.board;
    const read = await Promise.all(next.effects.map((effect) => onlook(effect, ports, next.board)));
    waiting.push(...read.flat());
  }
  return board;
}

/** What the board's own facts say at its opening, as the event `opened`. */
export async function readOpening(
  { clock, files, journal }: Pick<SnapshotPorts, 'clock' | 'files' | 'journal'>,
  pid: number,
): Promise<UntimedEvent> {
  const day = clock.day(clock.now());
  return {
    type: 'opened',
    spending: await journal.readSpending(day),
    hold: await files.readHold(),
    paused: await files.readPause(),
    pid,
  };
}

/** The events of an effect that only reads; none of any other. Of a file in the inbox it is told what is wrong with it. */
export async function onlook(
  effect: Effect,
  { files }: Pick<SnapshotPorts, 'files'>,
  board: Board,
): Promise<readonly UntimedEvent[]> {
  switch (effect.type) {
    case 'load-task': {
      const agents = effect.file.column === 'active' ? onlooker : nobody;
      return [await loadTask({ files, agents, worktrees: unlooked }, effect)];
    }
    case 'read-verdicts':
      return [{ type: 'verdicts-read', verdicts: await readVerdicts(files, effect.tasks) }];
    case 'take-in':
      return [await lookAtDropped(files, board, effect.path, effect.identity)];
    default:
      return [];
  }
}
