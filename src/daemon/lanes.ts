/** Effects of one task are performed one after another, those of different tasks side by side. */
import pLimit, { type LimitFunction } from 'p-limit';
import type { Effect } from '../domain/effect.ts';
import { laneOf } from '../domain/effect.ts';
import { limits } from '../domain/limits.ts';
import { idOfFile, keyOf, type TaskId, type TaskKey } from '../domain/task.ts';

/** The lane of the board's hold; no task has such an id. */
const holdLane = '/hold';

/** No phase of a task waits for these, so that a fault of theirs must not drop what a phase does wait for. */
const isOnItsOwn: ReadonlySet<Effect['type']> = new Set(['load-task', 'read-task', 'set-aside']);

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

  /** Queues what one step asked for. When an effect fails, the later ones of its batch and lane are dropped. */
  dispatch(effects: readonly Effect[]): void {
    const batches = new Map<TaskKey, Effect[]>();
    for (const effect of effects) {
      if (effect.type === 'write-hold') {
        // The one that was asked for last is the one that must stay.
        this.#append(holdLane, [effect]);
        continue;
      }
      const lane = findLane(effect);
      if (lane === null) {
        this.#track(this.#shared(() => this.#perform(effect)));
        continue;
      }
      const key = keyOf(lane);
      if (isOnItsOwn.has(effect.type)) {
        // A batch of its own: that it can't be done, as for a namesake, is no reason not to do what follows.
        this.#append(key, [effect]);
        continue;
      }
      const batch = batches.get(key);
      if (batch === undefined) batches.set(key, [effect]);
      else batch.push(effect);
    }
    for (const [key, batch] of batches) this.#append(key, batch);
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
      const isRead = effect.type === 'load-task';
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

/** A task is loaded after what is being written of it. */
function findLane(effect: Effect): TaskId | null {
  return effect.type === 'load-task' ? idOfFile(effect.file.name) : laneOf(effect);
}
