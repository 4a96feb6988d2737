/** Time that goes on only when nothing else is left to do: a queue of timers, fired one at a time. */

interface Timer {
  readonly at: number;
  readonly order: number;
  act: (() => void) | null;
}

/** Fires timers in the order of their times, those of one time in the order in which they were set. */
export class VirtualTime {
  readonly #heap: Timer[] = [];
  #now: number;
  #set = 0;

  constructor(startAt: number) {
    this.#now = startAt;
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** Acts after the delay; the returned function forgets it. */
  after(delayMs: number, act: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#set++, act };
    this.#push(timer);
    return () => {
      timer.act = null;
    };
  }

  /** Fires the next timer and lets all that follows from it at once happen; false if there is none before `until`. */
  async goOn(until: number): Promise<boolean> {
    for (let timer = this.#heap[0]; timer !== undefined; timer = this.#heap[0]) {
      if (timer.at > until) return false;
      this.#pop();
      const { act } = timer;
      if (act === null) continue;
      this.#now = timer.at;
      act();
      // Everything that the fakes answer at once is done before the event loop's next turn.
      await new Promise<void>((resolve) => setImmediate(resolve));
      return true;
    }
    return false;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, heap[parent])) break;
      heap[index] = heap[parent] as Timer;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child])) child++;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Timer, b: Timer | undefined): boolean {
  return b === undefined || a.at < b.at || (a.at === b.at && a.order < b.order);
}
