/** Sentences that the user should read at the top of the dashboard: why nothing starts, and what to do about it. */
import type { Board, Hold } from '../domain/board.ts';
import type { UsageLimit } from '../domain/run.ts';
import { unreachable } from '../domain/result.ts';
import type { Clock } from '../ports.ts';

/** All that is to be said now. */
export function listWarnings(board: Board, clock: Clock): readonly string[] {
  return [
    ...warnOfDisk(board),
    ...warnOfTroubles(board),
    ...warnOfHold(board.hold, clock),
    ...warnOfUsage(board, clock),
  ];
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

function warnOfHold(hold: Hold | null, clock: Clock): readonly string[] {
  if (hold === null) return [];
  const isToday = clock.day(hold.until) === clock.day(clock.now());
  const when = `${isToday ? '' : `${clock.day(hold.until)} `}${clock.timeOfDay(hold.until)}`;
  const again =
    hold.reason === 'budget'
      ? 'To go on at once: branchboard resume'
      : hold.until <= clock.now()
        ? 'One task tries now whether it is over.'
        : `The board tries again at ${when}; to try at once: branchboard resume`;
  return [`No new starts (${hold.reason}): ${hold.detail.replace(/\.$/, '')}. ${adviseOn(hold.reason)}${again}`];
}

function adviseOn(reason: Hold['reason']): string {
  switch (reason) {
    case 'auth':
      return 'Log in: type `claude`, then /login; or set ANTHROPIC_API_KEY and start the board again. ';
    case 'credit':
      return 'Add credit to the account that its key or login belongs to. ';
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

/** A limit that is near, as the agents at work were told. */
function warnOfUsage(board: Board, clock: Clock): readonly string[] {
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
