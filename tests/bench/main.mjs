/**
 * The benchmarks. What matters is ratios: each figure stands beside what the same machine takes in the same run without
 * a board. `--quick` is shorter; `--only=latency,scale` runs some of them.
 */
import { loadavg } from 'node:os';
import { benchLatency } from './latency.mjs';
import { benchCommands, benchStart } from './commands.mjs';
import { benchContext } from './context.mjs';
import { benchMemory, benchScale } from './scale.mjs';
import { openScratch } from './scratch.mjs';
import { benchThroughput } from './throughput.mjs';

const quick = process.argv.includes('--quick');
const benches = {
  throughput: (scratch) => benchThroughput(scratch, quick ? { tasks: 12, rounds: 2 } : { tasks: 40, rounds: 5 }),
  latency: (scratch) => benchLatency(scratch, { drops: quick ? 8 : 30 }),
  commands: (scratch) => benchCommands(scratch, { rounds: quick ? 3 : 9 }),
  start: (scratch) => benchStart(scratch, { rounds: quick ? 5 : 15 }),
  scale: (scratch) =>
    benchScale(
      scratch,
      quick ? { done: 2_000, rounds: 1, idleSeconds: 4 } : { done: 10_000, rounds: 3, idleSeconds: 10 },
    ),
  context: (scratch) => benchContext(scratch),
  memory: (scratch) => benchMemory(scratch, { tasks: quick ? 12 : 40 }),
};
const only = process.argv
  .find((each) => each.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const chosen = only ?? Object.keys(benches);
const unknown = chosen.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0)
  throw new Error(`there is no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`);

const scratch = openScratch();
try {
  console.log(`node ${process.version}, load ${loadavg()[0].toFixed(1)}${quick ? ', quick' : ''}`);
  for (const name of chosen) await benches[name](scratch);
} finally {
  scratch.dispose();
}
