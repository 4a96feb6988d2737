/** Property tests: one variable of the environment says how often all of them are tried. */
import fc from 'fast-check';

/** `FC_RUNS=0.1` tries each property a tenth as often. */
const share = Number(process.env['FC_RUNS'] ?? 1);

/** The options of a property that is tried so often, scaled. */
export function runs(count: number): { readonly numRuns: number } {
  return { numRuns: Math.max(1, Math.round(count * share)) };
}

fc.configureGlobal(runs(100));

export { fc };
