/** Reports that the board has ended, and why: to the history, `notify`, the dashboard and `queue.json`. */
import type { HistoryEntry } from '../domain/history.ts';
import { summarizeFault } from '../domain/error-message.ts';
import type { Ports } from './perform.ts';
import type { Publisher } from './publisher.ts';

/** The fault that ended the board. */
export interface Fault {
  readonly error: unknown;
}

/**
 * Reports the end; `fault` is null where the user asked for it. Failures of a report are dropped, since nothing can
 * report them.
 */
export async function sayLast(
  fault: Fault | null,
  { clock, journal, redact }: Pick<Ports, 'clock' | 'journal' | 'redact'>,
  publisher: Publisher,
  onHistory: (entry: HistoryEntry) => Promise<void>,
): Promise<void> {
  const why = fault === null ? null : summarizeFault(fault.error, redact);
  const entry: HistoryEntry = { type: 'board-stopped', at: clock.now(), ...(why === null ? {} : { fault: why }) };
  const told = onHistory(entry);
  await journal.append(entry).catch(() => undefined);
  await publisher.publishLast(why === null ? 'stopped' : { fault: why });
  await told;
}
