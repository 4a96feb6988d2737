/** Random graphs of tasks on real git. `DAG_SEEDS=1000` grows so many, `DAG_SEED=7` one again, with all that happened in it. */
import { beforeAll, expect, it } from 'vitest';
import { listSeeds } from '../simulation/seeds.ts';
import { makeDigestsSynchronous } from '../simulation/simulation.ts';
import { growDag } from './dag.ts';

/** The number of graphs where `DAG_SEEDS` asks for no other: each takes a second or two. */
const defaultSeeds = 10;
const replayed = process.env['DAG_SEED'];
const seeds = replayed === undefined ? listSeeds('DAG', defaultSeeds) : [Number(replayed)];

beforeAll(makeDigestsSynchronous);

it('leaves in each branch the work of all that it builds on and its own, and in the target each merged change once', async () => {
  for (const seed of seeds) {
    const { broken, log } = await growDag(seed, { isLogged: replayed !== undefined });
    if (replayed !== undefined) console.log(log.join('\n'));
    expect(broken, `grow it again: DAG_SEED=${seed} npx vitest run tests/dags`).toEqual([]);
  }
});
