/**
 * `npm run test:crash`: the whole sweep, or one point of it again.
 *
 *   npm run test:crash                           every point of every kind, and recoveries from a part of them
 *   npm run test:crash -- --step 10              each tenth point
 *   npm run test:crash -- --only kill,held       some of the kinds: kill, torn, held, recovery, fail, full
 *   npm run test:crash -- --kill 17 --then torn:append:5 --held
 *                                                one point, with what the daemons printed
 */
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { findOrderFaults } from './audit.mjs';
import { choosePoints, pointKinds } from './points.mjs';
import { openScenario } from './scenario.mjs';
import { countCalls, nameOf, numbered, runPoint, summarise, sweep } from './sweep.mjs';

const faultKinds = ['kill', 'torn', 'fail', 'full'];
const args = process.argv.slice(2);
const valueOf = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const scenario = openScenario();
try {
  const point = readPoint();
  if (point === null) await sweepAll();
  else await replay(point);
} finally {
  scenario.dispose();
}

/** The one point that the arguments name, or null. */
function readPoint() {
  const faults = args.flatMap((word, index) => {
    const given = args[index + 1] ?? '';
    if (word === '--then') return [readFault(given.includes(':') ? given.split(':') : ['kill', given])];
    const kind = word.replace(/^--/, '');
    return word.startsWith('--') && faultKinds.includes(kind) ? [readFault([kind, ...given.split(':')])] : [];
  });
  return faults.length === 0 ? null : { faults, held: args.includes('--held') };
}

/** `kill`, `17` or `kill`, `link`, `3@inbox/`: call 17, or the third `link` of a path that matches `inbox/`. */
function readFault(words) {
  const [at, path] = words.at(-1).split('@');
  const counted = { ...(words.length > 2 ? { op: words[1] } : {}), ...(path === undefined ? {} : { path }) };
  const fault = { kind: words[0], at: Number(at), ...counted };
  if (faultKinds.includes(fault.kind) && Number.isInteger(fault.at) && fault.at > 0) return fault;
  throw new Error(`expected such as kill:17 or torn:append:3 (${faultKinds.join(', ')}), got ${words.join(':')}`);
}

async function replay(point) {
  const result = await runPoint(scenario, point);
  show(result);
  console.log(result.findings.length === 0 ? 'All holds.' : result.said);
  if (result.findings.length > 0) process.exitCode = 1;
}

async function sweepAll() {
  const step = Number(valueOf('--step') ?? '1');
  const only = valueOf('--only')?.split(',') ?? pointKinds;
  const begun = performance.now();
  const calls = await countCalls(scenario);
  const counts = { all: numbered(calls).length, held: numbered(await countCalls(scenario, { held: true })).length };
  console.log(`${counts.all} durable calls, ${counts.held} of them before all agents are at work`);
  const orderFaults = findOrderFaults(calls);
  console.log(`order of fsyncs: ${orderFaults.length === 0 ? 'all holds' : orderFaults.join('\n')}`);
  const rows = [];
  for (const kind of only) {
    const points = choosePoints(kind, counts, step);
    const results = await sweep(scenario, points, { parallel: Math.min(4, availableParallelism()), onResult: show });
    rows.push({ kind, ...summarise(results) });
  }
  console.table(rows);
  const bad = rows.some((row) => row.losses + row.doubleStarts + row.wrongEnds > 0) || orderFaults.length > 0;
  console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${bad ? 'NOT all holds' : 'all holds'}`);
  if (bad) process.exitCode = 1;
}

function show({ point, hits, findings }) {
  console.log(`${findings.length === 0 ? 'ok ' : 'BAD'} ${nameOf(point)}   ${hits.join(' | ').slice(0, 200)}`);
  for (const { kind, text } of findings) console.log(`      ${kind}: ${text}`);
}
