/**
 * `history.jsonl`: one JSON object a line, appended and never changed. A line that can't be written, since the disk is
 * full or something else is in the file's place, is taken back whole and goes out with the next one. A long file
 * becomes `history.1.jsonl`, that one `history.2.jsonl`, and the last of them goes.
 */
import { constants } from 'node:fs';
import { lstat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import { codeOf } from '../machine/errors.ts';
import { refusals, type CommandAnswer, type CommandId, type SettledCommand } from '../../domain/command.ts';
import { limits } from '../../domain/limits.ts';
import { nameRun } from '../../domain/run.ts';
import type { Clock, Journal } from '../../ports.ts';
import { command, commandId } from './command-shape.ts';
import { runEndedShape } from './fact-shapes.ts';
import { checkFolders } from './own-folders.ts';
import { findLastPlaces } from './last-places.ts';
import { listFormer, putLongAside } from './long-file.ts';
import { NotRegularError, openRegular } from '../machine/regular-file.ts';

/** A command that is found again after a crash was settled within so much of the history. */
const settledBytes = 1024 * 1024;

/** The line about a command that is settled; one of a kind that is not known is null. */
const settledShape = z.object({
  type: z.literal('command'),
  id: commandId,
  command: z.catch(z.nullable(command), null),
  outcome: z.string(),
  said: z.string(),
});

/** The journal at `path`. Entries are written in the order in which they were given, several at a time. */
export function createJournal(path: string, clock: Clock): Journal {
  let waiting: string[] = [];
  let writing: Promise<void> | null = null;
  /** The text before the next line: a line break where a crash cut the last line off; null before the first look. */
  let gap: string | null = null;

  async function flush(): Promise<void> {
    // Yields first, so that the entries of one step go out together.
    await Promise.resolve();
    const lines = waiting;
    waiting = [];
    writing = null;
    try {
      // One that can't be put aside grows on.
      if (await putLongAside(path, limits.maxHistoryBytes, limits.maxHistoryFiles).catch(() => false)) gap = '';
      gap ??= await findGap(path);
      await appendWhole(path, gap + lines.join(''));
      gap = '';
    } catch (error) {
      waiting = [...lines, ...waiting].slice(-limits.maxWaitingHistoryLines);
      throw error;
    }
  }

  let last = Promise.resolve();
  function write(): Promise<void> {
    if (writing === null) {
      writing = last.then(flush, flush);
      last = writing.catch(() => undefined);
    }
    return writing;
  }
  /** Commands that are settled: those of the history's end, once somebody asked for one, and those of this journal. */
  const settled = new Map<CommandId, SettledCommand>();
  let reading: Promise<void> | null = null;

  function noteSettled(told: z.output<typeof settledShape>): void {
    settled.set(told.id, { command: told.command, answer: answerOf(told) });
    for (const oldest of [...settled.keys()].slice(0, -limits.maxSettledCommands)) settled.delete(oldest);
  }

  async function readSettled(): Promise<void> {
    const lines = (await readEnd(path, settledBytes)).split('\n');
    for (const told of lines.flatMap(parseSettled)) if (!settled.has(told.id)) noteSettled(told);
  }

  return {
    append(entry) {
      if (entry.type === 'command' && entry.id !== null) noteSettled({ ...entry, id: entry.id });
      waiting.push(`${JSON.stringify({ ...entry, time: new Date(entry.at).toISOString() })}\n`);
      return write();
    },
    async settle() {
      await last;
      if (waiting.length > 0) await write();
    },
    async readSpending(day) {
      const costs = new Map<string, number>();
      for (const each of listFormer(path, limits.maxHistoryFiles).reverse().concat(path)) {
        // Nothing was written to it since that day began, which dates tell by their order.
        if (clock.day(await findWriteTime(each)) < day) continue;
        await addCosts(costs, each, (at) => clock.day(at) === day);
      }
      return { day, costs };
    },
    async readPlaces() {
      const [former = path] = listFormer(path, 1);
      const texts = await Promise.all([former, path].map((each) => readEnd(each, limits.maxHistoryBytes)));
      return findLastPlaces(texts.join('\n'));
    },
    async findSettled(id) {
      reading ??= readSettled();
      await reading.catch((error: unknown) => {
        reading = null;
        throw error;
      });
      return settled.get(id) ?? null;
    },
  };
}

/** Appends all of a text or nothing of it. */
async function appendWhole(path: string, text: string): Promise<void> {
  checkFolders([dirname(path)]);
  const file = await openRegular(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
  try {
    const { size } = await file.stat();
    try {
      await file.appendFile(text);
    } catch (error) {
      await file.truncate(size);
      throw error;
    }
  } finally {
    await file.close();
  }
}

async function findGap(path: string): Promise<string> {
  let file: FileHandle;
  try {
    file = await openRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, Math.max(0, size - 1));
    return size === 0 || last.toString() === '\n' ? '' : '\n';
  } finally {
    await file.close();
  }
}

/** The last bytes of a file, whose first line may be cut off; empty where there is none. */
async function readEnd(path: string, bytes: number): Promise<string> {
  let file: FileHandle;
  try {
    file = await openRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof NotRegularError) return '';
    throw error;
  }
  try {
    const { size } = await file.stat();
    const end = Buffer.alloc(Math.min(size, bytes));
    const { bytesRead } = await file.read(end, 0, end.length, size - end.length);
    return end.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A command's line of the history; nothing where a line is something else. Most are, and are not parsed. */
function parseSettled(line: string): readonly z.output<typeof settledShape>[] {
  if (!line.includes('"command"')) return [];
  try {
    const { data } = settledShape.safeParse(JSON.parse(line));
    return data === undefined ? [] : [data];
  } catch {
    return [];
  }
}

/** The answer to a command by its line of the history. */
function answerOf({ outcome, said }: z.output<typeof settledShape>): CommandAnswer {
  const why = refusals.find((each) => each === outcome);
  return why === undefined ? { kind: 'done', said } : { kind: 'refused', why, said, hint: null };
}

/** When a file was written last, in milliseconds since the epoch; 0 where there is none. */
async function findWriteTime(path: string): Promise<number> {
  return (await lstat(path).catch(() => null))?.mtimeMs ?? 0;
}

/**
 * Adds the costs of runs, by their names: one whose end was reported again after a crash counts once. A missing file
 * adds nothing; anything else in its place is reported when it is to be written.
 */
async function addCosts(costs: Map<string, number>, path: string, isWanted: (at: number) => boolean): Promise<void> {
  try {
    const input = (await openRegular(path)).createReadStream();
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      // Most lines are of another kind; only those that can match are parsed.
      if (!line.includes('"run-ended"')) continue;
      const entry = parseRunEnded(line);
      if (entry === null || !isWanted(entry.at)) continue;
      costs.set(nameRun(entry.run, entry.plannedAt), entry.costUsd);
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && !(error instanceof NotRegularError)) throw error;
  }
}

/** The end of a run; null where a line is something else. */
function parseRunEnded(line: string): z.output<typeof runEndedShape> | null {
  try {
    return runEndedShape.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
