/** What a machine lacks for a while: descriptors, memory, room for one more process. The same may succeed a moment later. */
import { kindOf } from '../../domain/outside-kind.ts';
import type { Clock } from '../../ports.ts';
import { wait } from './timings.ts';

const againAfterMs = 1_000;

/** Whether an error says that the machine lacked something, and nothing of what was asked for. */
export function isShortage(error: unknown): error is Error {
  return kindOf(error) === 'shortage';
}

/** Does work again and again for as long as the machine lacks something for it. Otherwise rejects as the work does. */
export async function outlastShortage<Value>(clock: Clock, work: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isShortage(error)) throw error;
    }
    await wait(clock, againAfterMs);
  }
}
