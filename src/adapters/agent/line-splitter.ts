/** Turns bytes into lines. A line ends at a newline byte, so a character that is cut by a chunk's end is whole again. */

const newline = 0x0a;

/** The lines that a chunk completed. */
export interface SplitLines {
  /** Complete lines without their ends; empty ones are left out. */
  readonly lines: readonly string[];
  /** Lines that were longer than the bound and are lost. */
  readonly passedOver: number;
}

/** Cuts a byte stream into lines and holds at most `maxLineBytes` of an unfinished one. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  #parts: Uint8Array[] = [];
  #heldBytes = 0;
  #skipping = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Takes the next bytes; they are copied, so the caller may use its buffer again. */
  push(chunk: Uint8Array): SplitLines {
    const lines: string[] = [];
    let passedOver = 0;
    let from = 0;
    while (from < chunk.length) {
      const at = chunk.indexOf(newline, from);
      const to = at === -1 ? chunk.length : at;
      this.#hold(chunk.subarray(from, to));
      if (at === -1) break;
      if (this.#skipping) passedOver += 1;
      const line = this.#take();
      if (line !== '') lines.push(line);
      from = at + 1;
    }
    return { lines, passedOver };
  }

  /** The stream is over: gives the last line if it lacks its end. */
  end(): SplitLines {
    const passedOver = this.#skipping ? 1 : 0;
    const line = this.#take();
    return { lines: line === '' ? [] : [line], passedOver };
  }

  #hold(part: Uint8Array): void {
    if (this.#skipping || part.length === 0) return;
    if (this.#heldBytes + part.length > this.#maxLineBytes) {
      this.#parts = [];
      this.#heldBytes = 0;
      this.#skipping = true;
      return;
    }
    this.#parts.push(Uint8Array.prototype.slice.call(part));
    this.#heldBytes += part.length;
  }

  #take(): string {
    const line = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#heldBytes = 0;
    this.#skipping = false;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
