/**
 * Follows an agent's stream in its file. One timer makes all runs look at their files: a watcher would miss appends on
 * some file systems, and a pipe would tie the agent's life to the board's.
 */
import { fstatSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { kindOf } from '../../domain/outside-kind.ts';
import { limits } from '../../domain/limits.ts';
import type { RunView } from '../../domain/run.ts';
import type { Clock } from '../../ports.ts';
import { openRegular } from '../machine/regular-file.ts';
import type { AgentStream, ProcessEnd } from './driver/agent-driver.ts';
import { LineSplitter, type SplitLines } from './line-splitter.ts';

const readBytes = 64 * 1024;

/** One timer for all followers; it stands still while there are none. */
export class Beat {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #members = new Set<() => void>();
  #forget: (() => void) | null = null;

  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** Calls `member` on every beat until the returned function is called. */
  join(member: () => void): () => void {
    this.#members.add(member);
    this.#arm();
    return () => {
      this.#members.delete(member);
      if (this.#members.size > 0) return;
      this.#forget?.();
      this.#forget = null;
    };
  }

  #arm(): void {
    this.#forget ??= this.#clock.setTimer(this.#everyMs, () => {
      this.#forget = null;
      for (const member of [...this.#members]) member();
      if (this.#members.size > 0) this.#arm();
    });
  }
}

/**
 * Reads a growing stream from its start to where it is now, as often as asked, and no further than `maxBytes`. A stream
 * that somebody cut is read from its new start.
 */
export class StreamFollower {
  readonly #file: string;
  readonly #maxBytes: number;
  #splitter = new LineSplitter(limits.maxStreamLineBytes);
  readonly #buffer = Buffer.allocUnsafe(readBytes);
  readonly #stream: AgentStream;
  #handle: FileHandle | null = null;
  #offset = 0;
  /** Where the agent's own output ends; beyond all else while it lives. */
  #endsAt = Infinity;
  #wasAddedTo = false;
  #lastOutputAt: number | null = null;
  #reading: Promise<void> | null = null;

  constructor(file: string, stream: AgentStream, maxBytes: number = limits.maxStreamBytes) {
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.#stream = stream;
  }

  /** The view of the run from the lines read so far. */
  get view(): RunView {
    return this.#stream.view;
  }

  /** Whether the agent has said all that it had to say, so that it should end now. */
  get isThrough(): boolean {
    return this.#stream.isThrough;
  }

  /** Whether the stream is longer than it may be. */
  get isTooLong(): boolean {
    return this.#offset >= this.#maxBytes;
  }

  /** The board ends the agent because it stays after its result. */
  noteLingering(): void {
    this.#stream.noteLingering();
  }

  /** When the stream grew last, in milliseconds since the epoch; null where it holds nothing. */
  get lastOutputAt(): number | null {
    return this.#lastOutputAt;
  }

  /**
   * Reads what came since; calls that overlap share one reading. A file that can't be read counts as empty; rejects where
   * the machine lacks descriptors or memory.
   */
  catchUp(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /**
   * Takes what the stream holds now for all that the agent printed, since its process is gone: what is added later was
   * written by others.
   */
  markEnd(): void {
    if (this.#endsAt !== Infinity) return;
    const found = this.#handle === null ? statSync(this.#file, { throwIfNoEntry: false }) : fstatSync(this.#handle.fd);
    this.#endsAt = found?.size ?? 0;
  }

  /** Reads to the end, with a last line that lacks its own, and lets go of the file. */
  async finish(process: ProcessEnd): Promise<void> {
    // A reading that is under way may have passed the end that was there when it looked.
    await this.#reading;
    await this.catchUp();
    this.#take(this.#splitter.end());
    if (this.#wasAddedTo) this.#stream.noteStray();
    this.#stream.close(process);
    await this.#handle?.close();
    this.#handle = null;
  }

  async #read(): Promise<void> {
    try {
      const handle = (this.#handle ??= await openRegular(this.#file));
      const { size } = await handle.stat();
      if (size < this.#offset) this.#beginAgain();
      const from = this.#offset;
      for (;;) {
        const end = Math.min(this.#endsAt, this.#maxBytes);
        const length = Math.min(readBytes, end - this.#offset);
        if (length <= 0) break;
        const { bytesRead } = await handle.read(this.#buffer, 0, length, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        this.#take(this.#splitter.push(this.#buffer.subarray(0, bytesRead)));
      }
      this.#wasAddedTo ||= size > this.#endsAt;
      if (this.#offset > from) this.#lastOutputAt = Math.floor((await handle.stat()).mtimeMs);
    } catch (error) {
      // The file is gone, unreadable or no file at all: what was read stands, and the exit of the agent decides.
      if (kindOf(error) === 'shortage') throw error;
    }
  }

  /** Somebody cut the file; the agent goes on writing at its new end. */
  #beginAgain(): void {
    this.#offset = 0;
    this.#splitter = new LineSplitter(limits.maxStreamLineBytes);
    this.#stream.noteStray();
  }

  #take(split: SplitLines): void {
    for (const line of split.lines) this.#stream.readLine(line);
    this.#stream.passOver(split.passedOver);
  }
}
