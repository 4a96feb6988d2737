/**
 * Carries out one command where no daemon runs: the board is opened without starts, in the same loop as a daemon's. What was
 * asked before, and whose asker was killed, comes first: later it would undo this one. Of other tasks the files are only
 * read; what a start would do about them is left to the next start. At its end the board is published as it is then.
 */
import { isBusy } from '../core/schedule.ts';
import { noDaemon, type Board } from '../domain/board.ts';
import {
  taskOfCommand,
  type CommandAnswer,
  type CommandId,
  type CommandRequest,
  type ReadCommand,
} from '../domain/command.ts';
import { taskKeyOf, type Effect } from '../domain/effect.ts';
import { messageOf } from '../domain/error-message.ts';
import type { HistoryEntry } from '../domain/history.ts';
import { limits } from '../domain/limits.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import { keyOf, type TaskKey } from '../domain/task.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Settings } from '../domain/settings.ts';
import { Caretaker } from './caretaker.ts';
import { Loop, type LoopParts, type Share } from './loop.ts';
import type { Ports } from './perform.ts';
import { Publisher } from './publisher.ts';
import { readOpening } from './snapshot.ts';

/** The parts of an errand. */
export interface ErrandOptions extends Omit<LoopParts, 'ports'> {
  readonly ports: Omit<Ports, 'agents' | 'answer'>;
  readonly settings: Settings;
  /** The sandbox as it is shown: what was found now, or by the last board; null where neither tried. */
  readonly knownSandbox: Sandbox | null;
  /** Its fact is on disk. */
  readonly request: CommandRequest;
  /** Told what the user should know beside the answer. */
  readonly onNotice: (message: string) => void;
}

/** Effects that are asked for by any command, whatever its task. */
const ofCommands: ReadonlySet<Effect['type']> = new Set([
  ...([
    'move-for-command',
    'edit-for-command',
    'send-back-for-command',
    'discard-for-command',
    'merge-for-command',
    'restack-for-command',
    'pr-for-command',
    'open-for-command',
    'accept-for-command',
    'check-for-command',
    'lay-note',
    'write-pause',
    'settle-command',
    'write-hold',
  ] as const),
]);
/** Effects that read; for other tasks they are only looked on. */
const reads: ReadonlySet<Effect['type']> = new Set(['load-task', 'read-verdicts', 'take-in']);

/** See the file's head. Rejects on a fault of ours. One that a daemon settled before it was killed is not carried out again. */
export async function runErrand(options: ErrandOptions): Promise<CommandAnswer> {
  const { ports, request } = options;
  const settled = await ports.journal.findSettled(request.id);
  if (settled === null) return new Errand(options).run();
  await ports.files.removeCommand(request.id);
  return settled.answer;
}

class Errand {
  readonly #options: ErrandOptions;
  readonly #loop: Loop;
  readonly #publisher: Publisher;
  /** The tasks of the commands that are carried out. */
  readonly #own = new Set<TaskKey>();
  #answer: CommandAnswer | null = null;
  /** How often the command, which was carried out, could not be noted as settled. */
  #failures = 0;
  /** Why what follows for its task could not be done. */
  #undone: string | null = null;
  #resolve: (answer: CommandAnswer) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(options: ErrandOptions) {
    this.#options = options;
    const { ports, settings, knownSandbox, request, onNotice } = options;
    const answer: Ports['answer'] = (id, settled) => {
      if (id === request.id) this.#answer = settled;
    };
    this.#loop = new Loop(
      { ...options, ports: { ...ports, answer } },
      {
        share: (effect) => this.#share(effect),
        stepped: () => this.#endIfDone(),
        idle: () => this.#endIfDone(),
        failed: (effect, fault) => this.#noteFailure(effect, fault),
        broke: (error) => this.#reject(error instanceof Error ? error : new Error(String(error))),
      },
      { settings, sandbox: knownSandbox, shutdown: 'asked' },
    );
    this.#publisher = new Publisher(
      this.#loop.ports,
      () => this.#loop.board,
      (fault) => {
        if (fault !== null) onNotice(`the dashboard could not be written: ${fault.message}`);
      },
    );
  }

  async run(): Promise<CommandAnswer> {
    const answered = new Promise<CommandAnswer>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#begin().catch(this.#reject);
    try {
      return await answered;
    } finally {
      await this.#close();
    }
  }

  async #begin(): Promise<void> {
    const { ports, request } = this.#options;
    this.#loop.post(await readOpening(ports, noDaemon));
    // Boxes that were ticked before become commands, as at the start of a daemon.
    await this.#publisher.lookForSaves();
    const scan = await ports.files.scan();
    const caretaker = new Caretaker(this.#loop.ports);
    const reads: { readonly id: CommandId; readonly read: ReadCommand }[] = [];
    for (const id of scan.commands) if (id !== request.id) reads.push({ id, read: await caretaker.readCommand(id) });
    reads.push({ id: request.id, read: { kind: 'known', request } });
    for (const { read } of reads) {
      const task = read.kind === 'known' ? taskOfCommand(read.request.command) : null;
      if (task !== null) this.#own.add(keyOf(task));
    }
    const places = [...(await ports.journal.readPlaces())].filter(([key]) => this.#own.has(key));
    this.#loop.post({ type: 'places-recalled', places: new Map(places) });
    this.#loop.post({ type: 'scanned', scan: { ...scan, commands: [] } });
    for (const each of reads) this.#loop.post({ type: 'command-read', ...each });
  }

  #share(effect: Effect): Share {
    if (ofCommands.has(effect.type)) return 'perform';
    const isOwn = effect.type === 'journal' ? this.#isOwnLine(effect.entry) : this.#isOwn(taskKeyOf(effect));
    if (isOwn) return 'perform';
    return reads.has(effect.type) ? 'onlook' : 'leave';
  }

  #isOwn(key: TaskKey | null): boolean {
    return key !== null && this.#own.has(key);
  }

  #isOwnLine(entry: HistoryEntry): boolean {
    if (entry.type === 'command') return true;
    const task = 'task' in entry ? entry.task : 'run' in entry ? entry.run.task : null;
    return task !== null && this.#isOwn(keyOf(task));
  }

  #noteFailure(effect: Effect, { message }: OutsideFault): void {
    if (effect.type === 'settle-command' && effect.id === this.#options.request.id) {
      this.#failures += 1;
      const said = `${effect.answer.said}, and that can't be noted: ${message}`;
      const hint = 'Nothing is lost: once that is mended, the next branchboard start notes it, and does nothing twice.';
      if (this.#failures === limits.maxQuickRetries) this.#answer = { kind: 'refused', why: 'failed', said, hint };
    } else if (this.#isOwn(taskKeyOf(effect))) this.#undone = message;
  }

  #endIfDone(): void {
    const { board, isIdle } = this.#loop;
    const isThrough = isIdle && ![...this.#own].some((key) => isBusyIn(board, key));
    if (isThrough && this.#answer !== null) this.#resolve(this.#answer);
  }

  /** Publishes the board, and tells what could not be written. */
  async #close(): Promise<void> {
    const { ports, onNotice } = this.#options;
    const { board } = this.#loop;
    this.#loop.end();
    this.#loop.ports.agents.letGo();
    if (this.#undone !== null && [...this.#own].some((key) => board.live.get(key)?.state === 'settling')) {
      onNotice(`not all that follows could be done: ${this.#undone}. The next branchboard start does the rest.`);
    }
    await ports.journal.settle().catch((error: unknown) => {
      onNotice(`the history lacks lines that could not be written: ${messageOf(error)}`);
    });
    await this.#publisher.publishLast('stopped');
  }
}

function isBusyIn(board: Board, key: TaskKey): boolean {
  const task = board.live.get(key);
  if (task === undefined || !isBusy(task)) return false;
  // An agent that was only told something goes on without this board.
  return task.state !== 'active' || task.phase.name !== 'running' || task.phase.stopping !== null;
}
