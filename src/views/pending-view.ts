/** Makes the dashboard's entries for the queue: why each task waits, what it asks its user for, what it was granted. */
import { listGranted } from '../core/granted-rights.ts';
import { explainWaiting, orderQueue } from '../core/schedule.ts';
import type { Board, QueuedTask, Waiting, WaitingOn } from '../domain/board.ts';
import type { Box } from '../domain/command.ts';
import type { TaskId } from '../domain/task.ts';
import { explainUnreadable } from '../domain/task-facts.ts';
import { unreachable } from '../domain/result.ts';
import type { AttentionEntry, PendingEntry, StatusRow, TaskLabel } from '../markdown/dashboard-model.ts';
import { findNear } from '../markdown/fields.ts';
import type { Calendar } from './calendar.ts';
import { describeWhy } from './pause-words.ts';

/** Of a longer request the dashboard names the first rights, and how many more there are. */
const maxRequestChars = 240;

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/** A queued task, why it waits, in a few words, and what it was granted. Secrets are taken out. */
export interface Pending {
  readonly task: QueuedTask;
  readonly waiting: Waiting;
  readonly why: string;
  readonly granted: readonly string[];
  /** Warnings for the user before a grant; null where the task asks for nothing. */
  readonly request: string | null;
}

/** The queue in its order. Only the first task that a slot alone keeps is `next`. */
export function rankPending(
  board: Board,
  clock: Calendar,
  { redact, isRunning }: { readonly redact: Redact; readonly isRunning: boolean },
): readonly Pending[] {
  const now = clock.now();
  let position = 0;
  return orderQueue(board.live).map((task) => {
    const waiting = explainWaiting(board, task, now, position);
    if (waiting.kind === 'next' || waiting.kind === 'slot') position++;
    const granted = listGranted(board, task.spec).map(redact);
    const request = waiting.kind === 'rights' ? describeRequest(task.id, waiting, redact) : null;
    const why =
      waiting.kind === 'paused' ? wayOn(board, isRunning) : describeWaiting(waiting, { board, clock, redact });
    return { task, waiting, why, granted, request };
  });
}

/** Its row in Quick Status. */
export function viewQueuedRow({ task, waiting, why }: Pending): StatusRow {
  const status =
    waiting.kind === 'next' || waiting.kind === 'slot' ? 'QUEUED' : waiting.kind === 'paused' ? 'PAUSED' : 'WAITING';
  return { ...labelOf(task), agent: task.spec.agent, status, progress: why };
}

/** Whether the Pending Queue has boxes for a task: where it waits for more than its turn, and has no entry elsewhere. */
const offersBoxes: Readonly<Record<Waiting['kind'], boolean>> = {
  ...{ next: false, slot: false, paused: false, rights: false },
  ...{ delay: true, problem: true, dependencies: true, collision: true },
};

/** Its entry in the Pending Queue. */
export function viewPending({ task, waiting, why, granted }: Pending, boxes: readonly Box[]): PendingEntry {
  const told = granted.length === 0 ? '' : ` (granted: ${listRights(granted)})`;
  const offered = offersBoxes[waiting.kind] ? boxes : [];
  return { ...labelOf(task), why: `${describeNeed(waiting, why)}${told}`, boxes: offered, outcomes: [] };
}

/** Its entries under Needs You: one where it asks for rights. */
export function viewAsking({ task, waiting, request }: Pending, boxes: readonly Box[]): readonly AttentionEntry[] {
  if (waiting.kind !== 'rights') return [];
  const { id } = task;
  const grant = waiting.refusal === null ? [`branchboard grant ${id}`] : [];
  return [
    {
      ...labelOf(task),
      headline: 'asks for rights',
      detail: request,
      ...{
        output: null,
        question: null,
        branch: null,
        warnings: [],
        boxes,
        takenIn: [],
        outcomes: [],
        waitedForBy: 0,
        members: [],
      },
      links: [{ words: 'file', path: `queued/${task.file.name}` }],
      commands: [...grant, `branchboard show ${id}`],
    },
  ];
}

/** The beginning of every entry about a task. */
export function labelOf(task: { readonly id: string; readonly spec: { readonly title: string } }): TaskLabel {
  return { id: task.id, title: task.spec.title };
}

/** What lets a board start tasks again. */
function wayOn({ userPaused, shutdown, hold }: Board, isRunning: boolean): string {
  const why = hold === null || userPaused ? '' : ` (${describeWhy(hold.reason)})`;
  if (shutdown !== 'no' || !isRunning) return `\`branchboard start\`${why}`;
  return userPaused ? '`branchboard resume`' : `the board to go on${why}`;
}

function describeNeed(waiting: Waiting, why: string): string {
  switch (waiting.kind) {
    case 'next':
      return 'next free slot';
    case 'dependencies':
      return `waits ${why.replace(/^on /, 'for ')}`;
    case 'rights':
      return why;
    default:
      return `waits for ${why}`;
  }
}

function describeWaiting(
  waiting: Waiting,
  { board, clock, redact }: { readonly board: Board; readonly clock: Calendar; readonly redact: Redact },
): string {
  switch (waiting.kind) {
    case 'next':
      return 'next';
    case 'slot':
      return 'a free slot';
    case 'paused':
      return 'the board to go on';
    case 'delay':
      return `until ${clock.timeOfDay(waiting.delay.until)}: the machine could not start it`;
    case 'problem':
      return 'its file to be mended';
    case 'rights':
      return `asks for ${listRights(waiting.asks.map(redact))}`;
    case 'collision':
      return `\`${waiting.with}\`, which changes the same files`;
    case 'dependencies':
      return waiting.on.map((on) => describeDependency(on, board)).join(', ');
    default:
      return unreachable(waiting);
  }
}

function describeDependency(on: WaitingOn, board: Board): string {
  const { id, why } = on;
  switch (why) {
    case 'queued':
    case 'active':
      return `on \`${id}\``;
    case 'rights':
      return `on \`${id}\`, which asks for rights`;
    case 'attention':
      return `on \`${id}\`, which needs you`;
    case 'cancelled':
    case 'discarded':
      return `on \`${id}\`, which was ${why}`;
    case 'damaged':
    case 'newer': {
      const { path, what, commands } = explainUnreadable(id, why);
      return `on \`${id}\`, whose \`${path}\` ${what}: \`${commands[0] ?? ''}\``;
    }
    case 'unknown':
      return `on \`${id}\`, which does not exist yet${describeNear(id, board)}`;
    case 'ambiguous': {
      const rivals = on.rivals.map((rival) => `\`${rival}\``).join(' and ');
      return `on \`${id}\`, which is the title of ${rivals}: write one of these ids into its file`;
    }
    default:
      return unreachable(why);
  }
}

function describeNear(id: TaskId, { live, finished }: Board): string {
  const known = [...live.values(), ...finished.values()].map((task) => task.id);
  const near = findNear(id, known);
  return near === null ? '' : ` (the nearest is \`${near}\`)`;
}

/** A line for each right as long as there is room, so that none goes unseen, and what can be done. */
function describeRequest(id: TaskId, waiting: Waiting & { readonly kind: 'rights' }, redact: Redact): string {
  const advice =
    waiting.refusal === null
      ? 'It waits until you grant exactly this, or take it out of its file.'
      : redact(waiting.refusal);
  const shown: string[] = [];
  for (const right of waiting.asks.map(redact)) {
    if ([...shown, right].join().length > maxRequestChars) break;
    shown.push(right);
  }
  const left = waiting.asks.length - shown.length;
  const more = left === 0 ? [] : [`and ${String(left)} more: \`branchboard show ${id}\``];
  return ['Its file asks for more than the settings give:', ...shown.map(toCode), ...more, advice].join('\n');
}

function listRights(rights: readonly string[]): string {
  return rights.map(toCode).join(', ');
}

/** In backticks, unless it holds a backtick itself. */
export function toCode(right: string): string {
  return right.includes('`') ? right : `\`${right}\``;
}
