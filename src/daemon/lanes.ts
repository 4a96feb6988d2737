/** Effects of one task are performed one after another, those of different tasks side by side. */
import pLimit, { type LimitFunction } from 'p-limit';
import { taskKeyOf, type Effect } from '../domain/effect.ts';
import { effectTraits } from '../domain/effect-traits.ts';
import { limits } from '../domain/limits.ts';
import { keyOf, type TaskId } from '../domain/task.ts';

/** The lane of the board's own facts; no task has such an id. */
const boardLane = '/board';

type ReadVerdicts = Extract<Effect, { type: 'read-verdicts' }>;

/** Performs one effect; says whether the rest of its batch may follow. */
export type PerformOne = (effect: Effect) => Promise<'done' | 'failed'>;

/** Gives each batch of effects its turn. */
export class Lanes {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #shared: LimitFunction = pLimit(limits.maxConcurrentReads);
  readonly #perform: PerformOne;
  readonly #onIdle: () => void;
  #pending = 0;

  /** `onIdle` is called whenever the last batch is through. */
  constructor(perform: PerformOne, onIdle: () => void) {
    this.#perform = perform;
    this.#onIdle = onIdle;
  }

  /** Batches that are not through yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether an effect of this task, or of an earlier one of its id, is not through yet. */
  isBusy(task: TaskId): boolean {
    return this.#tails.has(keyOf(task));
  }

  /** Queues what one step asked for. When an effect fails, the later ones of its batch and lane are dropped. */
  dispatch(effects: readonly Effect[]): void {
    const batches = new Map<string, Effect[]>();
    const reads: ReadVerdicts[] = [];
    for (const effect of effects) {
      if (effect.type === 'read-verdicts') {
        reads.push(effect);
        continue;
      }
      const lane = findLane(effect);
      if (lane === null) {
        this.#track(this.#shared(() => this.#perform(effect)));
        continue;
      }
      if (effectTraits[effect.type].phases.length === 0) {
        // A batch of its own: that it can't be done, as for a namesake, is no reason not to do what follows.
        this.#append(lane, [effect]);
        continue;
      }
      const batch = batches.get(lane);
      if (batch === undefined) batches.set(lane, [effect]);
      else batch.push(effect);
    }
    for (const [key, batch] of batches) this.#append(key, batch);
    for (const read of reads) this.#readInTurn(read);
  }

  /** Reads verdicts at once, but those of tasks of which something is still being written when that is written. */
  #readInTurn(read: ReadVerdicts): void {
    const free = new Map(read.tasks);
    for (const [key, file] of read.tasks) {
      if (!this.#tails.has(key)) continue;
      free.delete(key);
      this.#append(key, [{ ...read, tasks: new Map([[key, file]]) }]);
    }
    if (free.size > 0) this.#track(this.#shared(() => this.#perform({ ...read, tasks: free })));
  }

  #append(key: string, batch: readonly Effect[]): void {
    const turn = (this.#tails.get(key) ?? Promise.resolve()).then(() => this.#performBatch(batch));
    this.#tails.set(key, turn);
    this.#track(
      turn.then(() => {
        if (this.#tails.get(key) === turn) this.#tails.delete(key);
      }),
    );
  }

  async #performBatch(batch: readonly Effect[]): Promise<void> {
    for (const effect of batch) {
      const isRead = effectTraits[effect.type].lane === 'file';
      const result = isRead ? this.#shared(() => this.#perform(effect)) : this.#perform(effect);
      if ((await result) === 'failed') return;
    }
  }

  #track(work: Promise<unknown>): void {
    this.#pending++;
    void work.finally(() => {
      this.#pending--;
      if (this.#pending === 0) this.#onIdle();
    });
  }
}

function findLane(effect: Effect): string | null {
  switch (effectTraits[effect.type].lane) {
    case 'none':
      return null;
    case 'board':
      return boardLane;
    case 'task':
    case 'file':
      return taskKeyOf(effect);
  }
}
