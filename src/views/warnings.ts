/** Warnings for the top of the dashboard: why nothing starts, and what to do about it. */
import { agentTraits } from '../domain/agent-kind.ts';
import type { Board } from '../domain/board.ts';
import type { Hold } from '../domain/hold.ts';
import { limits } from '../domain/limits.ts';
import type { UsageLimit } from '../domain/account-limit.ts';
import { unreachable } from '../domain/result.ts';
import type { TaskId } from '../domain/task.ts';
import type { Calendar } from './calendar.ts';
import { pauseWords } from './pause-words.ts';

/** Tasks that wait for the same and are named. */
const maxNamed = 3;

interface Delayed {
  readonly ids: readonly TaskId[];
  /** When the first of them is tried again. */
  readonly until: number;
}

/** All that is to be said now; a board that does not run tries nothing by itself. */
export function listWarnings(board: Board, clock: Calendar, isRunning: boolean): readonly string[] {
  return [
    ...warnOfSandbox(board),
    ...warnOfDisk(board),
    ...warnOfTroubles(board),
    ...warnOfUnread(board),
    ...(board.userPaused
      ? ['You paused the board; those at work go on. To start tasks again: branchboard resume']
      : []),
    ...warnOfHold(board.hold, clock, isRunning),
    ...warnOfDelays(board, clock),
    ...warnOfUsage(board, clock),
  ];
}

/** A built-in agent calls no model and does what its task says, so that it needs none. */
function warnOfSandbox({ sandbox, settings, live }: Board): readonly string[] {
  const kinds = [settings.agent.kind, ...[...live.values()].flatMap(({ spec }) => spec.runner ?? [])];
  if (sandbox === null || kinds.every((kind) => agentTraits[kind].isBuiltIn)) return [];
  switch (sandbox.kind) {
    case 'on':
      return [];
    case 'off':
      return ['Agents run without a sandbox, as `sandbox: off` says; they may do what is allowed by name.'];
    case 'missing':
      return [
        `Agents run without a sandbox: ${sandbox.why}. They may do only what is allowed by name. ${sandbox.hint}`,
      ];
    default:
      return unreachable(sandbox);
  }
}

function warnOfDisk({ disk }: Board): readonly string[] {
  if (disk === null) return [];
  return [`The disk is full (${disk.detail}). Nothing was lost: make room, and the board goes on by itself.`];
}

function warnOfTroubles({ troubles }: Board): readonly string[] {
  return [...troubles].map(
    ([trouble, why]) => `The board can't ${trouble} (${why}). It goes on by itself once it can.`,
  );
}

function warnOfUnread({ unread }: Board): readonly string[] {
  return [...unread].map(
    ([place, { why }]) => `Can't read \`${place}\` (${why}). Retrying every ${String(limits.sweepEveryMs / 1_000)} s.`,
  );
}

function warnOfHold(hold: Hold | null, clock: Calendar, isRunning: boolean): readonly string[] {
  if (hold === null) return [];
  const isToday = clock.day(hold.until) === clock.day(clock.now());
  const when = `${isToday ? '' : `${clock.day(hold.until)} `}${clock.timeOfDay(hold.until)}`;
  const again =
    hold.reason === 'budget'
      ? 'To go on at once: branchboard resume'
      : !isRunning
        ? 'To go on: branchboard start'
        : hold.until <= clock.now()
          ? 'One task tries now whether it is over.'
          : `The board tries again at ${when}; to try at once: branchboard resume`;
  return [
    `No new starts (${pauseWords[hold.reason].why}): ${hold.detail.replace(/\.$/, '')}. ${adviseOn(hold.reason)}${again}`,
  ];
}

function adviseOn(reason: Hold['reason']): string {
  switch (reason) {
    case 'auth':
      return 'Log in: type `claude`, then /login; or set ANTHROPIC_API_KEY and start the board again. ';
    case 'credit':
      return 'Add credit to the account that its key or login belongs to. ';
    case 'no-agent':
      return 'branchboard doctor looks for it. ';
    case 'budget':
      return 'Raise `daily_budget_usd` in config.yaml, or wait for tomorrow. ';
    case 'usage-limit':
    case 'overload':
    case 'connection':
      return '';
    default:
      return unreachable(reason);
  }
}

/** Work that the machine could not do, for all tasks that wait for it in one sentence. */
function warnOfDelays(board: Board, clock: Calendar): readonly string[] {
  const delayed = new Map<string, Delayed>();
  for (const task of board.live.values()) {
    if (task.state !== 'queued' || task.next.delay === null || task.next.delay.until <= clock.now()) continue;
    const { why, until } = task.next.delay;
    const known = delayed.get(why) ?? { ids: [], until };
    delayed.set(why, { ids: [...known.ids, task.id], until: Math.min(known.until, until) });
  }
  return [...delayed].map(([why, { ids, until }]) => {
    const named = ids.slice(0, maxNamed).map((id) => `\`${id}\``);
    const more = ids.length > maxNamed ? ` and ${String(ids.length - maxNamed)} more` : '';
    const what = `${named.join(', ')}${more} can't start: ${why.replace(/\.$/, '')}`;
    return `${what}. No attempt was charged; the board tries again at ${clock.timeOfDay(until)}.`;
  });
}

/** A limit that is near, as the agents at work were told. */
function warnOfUsage(board: Board, clock: Calendar): readonly string[] {
  const told = new Map<string, UsageLimit>();
  for (const task of board.live.values()) {
    const usage = task.state === 'active' && task.phase.name === 'running' ? task.phase.view.usageLimit : null;
    if (usage?.status === 'allowed-warning') told.set(usage.kind ?? 'usage', usage);
  }
  return [...told].map(([kind, { resetsAt }]) => {
    const until = resetsAt === null ? '' : ` It is reset at ${clock.timeOfDay(resetsAt).slice(0, 5)}.`;
    return `The ${kind.replaceAll('_', '-')} limit of the account is nearly used up.${until}`;
  });
}
