/** Runs one share of the seeds, or the one that is to be replayed. */
import { expect } from 'vitest';
import { makeDigestsSynchronous, makeErrorsCheap, simulate } from './simulation.ts';

/** The number of seeds where `SIMULATION_SEEDS` asks for no other. */
const defaultSeeds = 1_000;
/** One in so many seeds is run twice. */
const repeatEvery = 20;
/** Random seeds begin beyond the fixed ones. */
const firstRandom = 1_000_000;

/** Simulates every seed of share `share` of `shares`; fails with the command that replays the first that broke. */
export async function runSeeds(share: number, shares: number): Promise<void> {
  makeDigestsSynchronous();
  const replayed = process.env['SIMULATION_SEED'];
  if (replayed !== undefined) {
    if (Number(replayed) % shares === share) await replay(Number(replayed));
    return;
  }
  makeErrorsCheap();
  for (const seed of listSeeds('SIMULATION', defaultSeeds, share, shares)) {
    const isRepeated = seed % repeatEvery === share;
    const { broken, fingerprint } = await simulate(seed, { isLogged: isRepeated });
    expect(broken, explain(seed)).toEqual([]);
    if (isRepeated) expect((await simulate(seed, { isLogged: true })).fingerprint, explain(seed)).toBe(fingerprint);
  }
}

/**
 * The seeds of a share. `NAME_SEEDS` says how many of all shares together. Half of them are run each time, and half are new,
 * since only those find what nobody met yet; `NAME_RANDOM_BASE` repeats the new ones of an earlier time.
 */
export function listSeeds(name: 'SIMULATION' | 'DAG', count: number, share = 0, shares = 1): readonly number[] {
  const half = Math.floor(Number(process.env[`${name}_SEEDS`] ?? count) / 2 / shares);
  const drawn = firstRandom + shares * Math.floor(Math.random() * 1_000_000_000);
  const base = Number(process.env[`${name}_RANDOM_BASE`] ?? drawn);
  console.log(`random seeds from ${base}: ${name}_RANDOM_BASE=${base} repeats them`);
  const from = (first: number) => Array.from({ length: half }, (_, index) => first + share + shares * index);
  return [...from(shares), ...from(base - (base % shares))];
}

async function replay(seed: number): Promise<void> {
  console.log(`seed ${seed}`);
  const { broken, log } = await simulate(seed, { isLogged: true });
  console.log(log.join('\n'));
  expect(broken).toEqual([]);
}

function explain(seed: number): string {
  return `replay it: SIMULATION_SEED=${seed} npx vitest run --project simulation`;
}
