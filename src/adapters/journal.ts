/** `history.jsonl`: one JSON object a line, appended and never changed. */
import { createReadStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { HistoryEntry } from '../domain/history.ts';
import type { Clock, Journal } from '../ports.ts';

/** The journal at `path`. Entries are written in the order in which they were given, several at a time. */
export function createJournal(path: string, clock: Clock): Journal {
  let waiting: string[] = [];
  let writing: Promise<void> | null = null;

  async function flush(): Promise<void> {
    // Yields first, so that the entries of one step go out together.
    await Promise.resolve();
    const lines = waiting.join('');
    waiting = [];
    writing = null;
    await appendFile(path, lines, { mode: 0o600 });
  }

  let last = Promise.resolve();
  return {
    append(entry) {
      waiting.push(`${JSON.stringify({ ...entry, time: new Date(entry.at).toISOString() })}\n`);
      if (writing === null) {
        writing = last.then(flush, flush);
        last = writing.catch(() => undefined);
      }
      return writing;
    },
    sumCosts: (day) => sumCosts(path, (at) => clock.day(at) === day),
  };
}

async function sumCosts(path: string, isWanted: (at: number) => boolean): Promise<number> {
  let sum = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      // Most lines are of another kind; only those that can match are parsed.
      if (!line.includes('"run-ended"')) continue;
      const entry = parseEntry(line);
      if (entry?.type === 'run-ended' && isWanted(entry.at)) sum += entry.costUsd;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return sum;
}

function parseEntry(line: string): HistoryEntry | null {
  try {
    return JSON.parse(line) as HistoryEntry;
  } catch {
    return null;
  }
}
