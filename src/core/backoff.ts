import { limits } from '../domain/limits.ts';

/** The wait after the `times`th failure in a row, in milliseconds: doubled each time, up to `maxBackoffMs`. */
export function backOff(firstMs: number, times: number): number {
  return Math.min(limits.maxBackoffMs, firstMs * 2 ** (times - 1));
}
