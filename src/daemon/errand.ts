/**
 * Carries out one command where no daemon runs: the board is opened without starts, by the same reducer and the same
 * performer. Of the other tasks it only reads the files; what a start would do about them is left to the next start.
 */
import { emptyBoard, step } from '../core/step.ts';
import { isBusy } from '../core/schedule.ts';
import { noDaemon, type Board } from '../domain/board.ts';
import { taskOfCommand, type CommandAnswer, type CommandRequest } from '../domain/command.ts';
import { taskKeyOf, type Effect } from '../domain/effect.ts';
import { keyOf, type TaskKey } from '../domain/task.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Settings } from '../domain/settings.ts';
import type { RunListener } from '../ports.ts';
import { answerFailure, describeFailure } from './failure-dedupe.ts';
import { Lanes } from './lanes.ts';
import { Mailbox } from './mailbox.ts';
import { explainFault } from './outside-fault.ts';
import { Performer, type Ports } from './perform.ts';
import { redactEvent } from './redact-event.ts';
import { readFor } from './snapshot.ts';
import { Intake } from './take-in.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** The parts of an errand. */
export interface ErrandOptions {
  readonly ports: Omit<Ports, 'agents' | 'answer'>;
  readonly makeAgents: (listener: RunListener, settings: () => Board['settings']) => Ports['agents'];
  readonly settings: Settings;
  readonly sandbox: Promise<Sandbox>;
  /** Its fact is on disk. */
  readonly request: CommandRequest;
}

/** Effects that only read; they are performed for every task. */
const reads: ReadonlySet<Effect['type']> = new Set(['load-task', 'read-verdicts']);
/** Effects that belong to the command. */
const ofCommand: ReadonlySet<Effect['type']> = new Set([
  ...(['move-for-command', 'edit-for-command', 'write-pause', 'settle-command', 'write-hold'] as const),
]);

/** See the file's head. Rejects on a fault of ours. One that a daemon settled before it was killed is not carried out again. */
export async function runErrand(options: ErrandOptions): Promise<CommandAnswer> {
  const { ports, request } = options;
  const settled = await ports.journal.findSettled(request.id);
  if (settled === null) return carryOutAlone(options);
  await ports.files.removeCommand(request.id);
  return settled;
}

function carryOutAlone({ ports, makeAgents, settings, sandbox, request }: ErrandOptions): Promise<CommandAnswer> {
  const { clock, files } = ports;
  const task = taskOfCommand(request.command);
  const own = task === null ? null : keyOf(task);
  let board: Board = { ...emptyBoard, settings, shutdown: 'asked' };
  let answer: CommandAnswer | null = null;
  return new Promise((resolve, reject) => {
    const post = (event: UntimedEvent) => mailbox.post({ ...redactEvent(event, ports.redact), at: clock.now() });
    const agents = makeAgents(
      {
        seen: (run, view, lastOutputAt) => post({ type: 'run-seen', run, view, lastOutputAt }),
        exited: (plan, exit) => post({ type: 'run-exited', run: { task: plan.task, n: plan.n }, exit }),
      },
      () => board.settings,
    );
    const all: Ports = { ...ports, agents, answer: (id, settled) => (answer = id === request.id ? settled : answer) };
    const perform = async (effect: Effect): Promise<'done' | 'failed'> => {
      try {
        const isOnlooking = reads.has(effect.type) && taskKeyOf(effect) !== own;
        const events = isOnlooking ? [await readFor(effect, all)] : await performer.perform(effect);
        for (const event of events) if (event !== null) post(event);
        return 'done';
      } catch (error) {
        const fault = await explainFault(error, ports.disk);
        for (const event of answerFailure(effect, fault)) post(event);
        post(describeFailure(effect, fault));
        return 'failed';
      }
    };
    const endIfDone = () => {
      const live = own === null ? undefined : board.live.get(own);
      if (answer !== null && lanes.pending === 0 && (live === undefined || !isBusy(live))) resolve(answer);
    };
    const lanes = new Lanes(perform, endIfDone);
    const intake = new Intake(files, () => board, lanes);
    const performer = new Performer(
      all,
      intake,
      () => board.settings,
      () => board.sandbox,
    );
    const mailbox = new Mailbox<Parameters<typeof step>[1]>((events) => {
      try {
        for (const event of events) {
          const next = step(board, event);
          board = next.board;
          lanes.dispatch(next.effects.filter((effect) => isWanted(effect, own)));
        }
        endIfDone();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    const begin = async () => {
      post({ type: 'sandbox-tried', sandbox: await sandbox });
      const day = clock.day(clock.now());
      const spending = await ports.journal.readSpending(day);
      post({ type: 'opened', spending, hold: await files.readHold(), paused: await files.readPause(), pid: noDaemon });
      const scan = await files.scan();
      post({ type: 'scanned', scan: { ...scan, commands: [] } });
      // One that was asked before, and whose asker was killed, is carried out first: later it would undo this one.
      for (const id of scan.commands.filter((each) => each < request.id)) {
        post({ type: 'command-read', id, read: await files.readCommand(id) });
      }
      post({ type: 'command-read', id: request.id, read: { kind: 'known', request } });
    };
    begin().catch(reject);
  });
}

/** Of the history, only the lines about the command's own task belong to it. */
function isWanted(effect: Effect, own: TaskKey | null): boolean {
  if (reads.has(effect.type) || ofCommand.has(effect.type)) return true;
  if (effect.type !== 'journal') return own !== null && taskKeyOf(effect) === own;
  const { entry } = effect;
  if (entry.type === 'command') return true;
  const task = 'task' in entry ? entry.task : 'run' in entry ? entry.run.task : null;
  return task !== null && own !== null && keyOf(task) === own;
}
