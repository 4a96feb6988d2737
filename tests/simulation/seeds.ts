/** Runs one share of the seeds, or the one that is to be replayed. */
import { expect } from 'vitest';
import { makeDigestsSynchronous, makeErrorsCheap, simulate } from './simulation.ts';

const defaultSeeds = 10_000;
/** One in so many seeds is run twice. */
const repeatEvery = 20;

/** Simulates every seed of share `share` of `shares`; fails with the command that replays the first that broke. */
export async function runSeeds(share: number, shares: number): Promise<void> {
  makeDigestsSynchronous();
  const replayed = process.env['SIMULATION_SEED'];
  if (replayed !== undefined) {
    if (Number(replayed) % shares === share) await replay(Number(replayed));
    return;
  }
  makeErrorsCheap();
  const seeds = Number(process.env['SIMULATION_SEEDS'] ?? defaultSeeds);
  const first = Number(process.env['SIMULATION_FIRST_SEED'] ?? 1);
  for (let seed = first; seed < first + seeds; seed++) {
    if (seed % shares !== share) continue;
    const isRepeated = seed % repeatEvery === share;
    const { broken, fingerprint } = await simulate(seed, { isLogged: isRepeated });
    expect(broken, explain(seed)).toEqual([]);
    if (isRepeated) expect((await simulate(seed, { isLogged: true })).fingerprint, explain(seed)).toBe(fingerprint);
  }
}

async function replay(seed: number): Promise<void> {
  console.log(`seed ${seed}`);
  const { broken, log } = await simulate(seed, { isLogged: true });
  console.log(log.join('\n'));
  expect(broken).toEqual([]);
}

function explain(seed: number): string {
  return `replay it: SIMULATION_SEED=${seed} npx vitest run tests/simulation`;
}
