/** Tells everybody that the board has ended, and why: the history, `notify`, the dashboard and `queue.json`. */
import type { HistoryEntry } from '../domain/history.ts';
import { limits } from '../domain/limits.ts';
import type { Ports } from './perform.ts';
import type { Publisher } from './publisher.ts';

/** What ended the board though nobody had asked for its end. */
export interface Fault {
  readonly error: unknown;
}

/** Says that the board has ended; `fault` is null where that was asked for. Nothing that fails here is told. */
export async function sayLast(
  fault: Fault | null,
  { clock, journal, redact }: Pick<Ports, 'clock' | 'journal' | 'redact'>,
  publisher: Publisher,
  onHistory: (entry: HistoryEntry) => Promise<void>,
): Promise<void> {
  const why = fault === null ? null : redact(describe(fault));
  const entry: HistoryEntry = { type: 'board-stopped', at: clock.now(), ...(why === null ? {} : { fault: why }) };
  const told = onHistory(entry);
  await journal.append(entry).catch(() => undefined);
  await publisher.publishLast(why === null ? 'stopped' : { fault: why });
  await told;
}

function describe({ error }: Fault): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return first.slice(0, limits.maxFaultChars);
}
