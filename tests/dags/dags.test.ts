/**
 * Random graphs of tasks on real git, the same ones each time. `DAG_SEEDS=1000` grows so many, half of them new ones;
 * `DAG_SEED=7` grows one again and tells all that happened in it.
 */
import { beforeAll, expect, it } from 'vitest';
import { listSeeds } from '../simulation/seeds.ts';
import { makeDigestsSynchronous } from '../simulation/simulation.ts';
import { growDag } from './dag.ts';

/** The graphs where nothing else is asked for: each takes a second or two. */
const usualSeeds = [1, 2, 3, 4, 5, 6] as const;
const { DAG_SEED: replayed, DAG_SEEDS: count } = process.env;
const seeds =
  replayed !== undefined ? [Number(replayed)] : count === undefined ? usualSeeds : listSeeds('DAG', Number(count));

beforeAll(makeDigestsSynchronous);

it('leaves in each branch the work of all that it builds on and its own, and in the target each merged change once', async () => {
  for (const seed of seeds) {
    const { broken, log } = await growDag(seed, { isLogged: replayed !== undefined });
    if (replayed !== undefined) console.log(log.join('\n'));
    expect(broken, `grow it again: DAG_SEED=${seed} npx vitest run tests/dags`).toEqual([]);
  }
});
