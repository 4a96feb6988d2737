/** The benchmarks; each is a ratio to what the same machine does without a board, measured in the same run. `--quick` is shorter. */
import { loadavg } from 'node:os';
import { benchThroughput } from './throughput.mjs';
import { openScratch } from './scratch.mjs';

const quick = process.argv.includes('--quick');
const scratch = openScratch();
try {
  console.log(`node ${process.version}, load ${loadavg()[0].toFixed(1)}${quick ? ', quick' : ''}`);
  await benchThroughput(scratch, quick ? { tasks: 12, rounds: 2 } : { tasks: 40, rounds: 5 });
} finally {
  scratch.dispose();
}
