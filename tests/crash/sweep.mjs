/**
 * The sweep: runs the scenario once for each point, with a fault in it, and checks what must hold at the end.
 *
 *   faults: [{ kind, at, op?, path? }, …]   the first daemon gets the first fault, the one after it the next, then one gets
 *                                    none; `at` counts the calls of the operation, or all calls, whose path matches
 *   held: true                       agents stay at work until the last daemon is up, so that it has to adopt them
 */
import pLimit from 'p-limit';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkInvariants } from './invariants.mjs';
import { waitUntil } from './scenario.mjs';

/** A board that is quiet for so long, while agents are held, does nothing more by itself. */
const quietMs = 400;

/** A point as one types it: `--kill 17 --then torn:append:5 --held`. */
export function nameOf({ faults, held = false }) {
  const words = faults.map(({ kind, at, op, path }, index) => {
    const place = `${op === undefined ? '' : `${op}:`}${at}${path === undefined ? '' : `@${path}`}`;
    return index === 0 ? `--${kind} ${place}` : `--then ${kind}:${place}`;
  });
  return `${words.join(' ')}${held ? ' --held' : ''}`;
}

/** What one call did, in a few words: its operation and the kind of file. */
export function describeCall({ op, path, to }, root = '') {
  const shown = (to ?? path).replace(root, '').replace(/^\/repo\//, '');
  return op === 'spawn' ? `spawn ${shown.split(' ').slice(0, 3).join(' ')}` : `${op} ${shown}`;
}

/** Runs the scenario without a fault; gives its durable calls. With `held`, up to where all agents are at work. */
export async function countCalls(scenario, { held = false } = {}) {
  const run = scenario.copy();
  try {
    if (!held) {
      await run.run();
      return run.calls(1);
    }
    run.tell('hold');
    const { child, ended } = run.start();
    await untilQuiet(run, 1);
    child.kill('SIGKILL');
    await ended;
    const calls = run.calls(1);
    run.tell('gate');
    await waitUntil(() => run.agents().length === 0);
    return calls;
  } finally {
    run.dispose();
  }
}

/** Runs one point; gives its findings, what was hit, and how many daemons were started. */
export async function runPoint(scenario, point) {
  const run = scenario.copy();
  const { faults, held = false } = point;
  const findings = [];
  const hits = [];
  try {
    if (held) run.tell('hold');
    for (const fault of faults) {
      const { n, child, ended } = run.start(variablesOf(run, fault));
      let isOver = false;
      const helpers = [
        // Held agents keep the daemon from its end; a fault that lies behind them is replaced by a kill from outside.
        held && untilQuiet(run, n, () => isOver).then(() => child.kill('SIGKILL')),
        fault.kind === 'full' && makeRoomLater(run, n, () => isOver),
      ];
      const end = await ended;
      isOver = true;
      // They write into the run's folder, which is removed at its end.
      await Promise.all(helpers);
      hits.push(...run.hits(n).map((call) => describeCall(call, run.root)));
      if (end.late) findings.push({ kind: 'end', text: `the daemon with ${fault.kind} did not end` });
      // Before it is up, all it can do is to say what is wrong and end.
      else if (end.signal === null && end.code !== 3 && run.said(n).includes('board started')) {
        findings.push({
          kind: 'end',
          text: `the daemon with ${fault.kind} ended with ${end.code}: ${lastLine(run, n)}`,
        });
      }
    }
    findings.push(...(await runLast(run, held)));
    const tornLines = faults.filter(({ kind }) => kind !== 'kill').length;
    // An agent that failed while the disk was full is begun again at no attempt's cost.
    const mayRepeat = faults.some(({ kind }) => kind === 'fail' || kind === 'full');
    findings.push(...checkInvariants(run, { tornLines, mayRepeat }));
    const said = findings.length === 0 ? '' : printed(run);
    return { point, findings, hits, daemons: run.daemons, said };
  } catch (error) {
    findings.push({ kind: 'end', text: `the test itself failed: ${error.stack}` });
    return { point, findings, hits, daemons: run.daemons, said: printed(run) };
  } finally {
    run.dispose();
  }
}

/** The last daemon has no fault, and must bring everything to its end. */
async function runLast(run, held) {
  const { n, ended } = run.start();
  if (held) {
    await waitUntil(() => run.said(n).includes('board started'));
    run.tell('gate');
  }
  const end = await ended;
  if (end.late) return [{ kind: 'end', text: 'the last daemon did not end' }];
  // 3: something needs the user, which is the question.
  return end.code === 3 ? [] : [{ kind: 'end', text: `the last daemon ended with ${end.code}: ${lastLine(run, n)}` }];
}

/** The variables of `fault-point.mjs`. `full` is a disk without room, until somebody makes some. */
function variablesOf(run, { kind, at, op, path, code = 'ENOSPC' }) {
  const counted = {
    ...(op === undefined ? {} : { FAULT_OP: op }),
    ...(path === undefined ? {} : { FAULT_PATH: path }),
  };
  const common = { FAULT_AT: String(at), FAULT_CODE: code, ...counted };
  if (kind === 'full') return { ...common, FAULT_KIND: 'fail', FAULT_UNTIL: join(run.root, 'room') };
  return { ...common, FAULT_KIND: kind };
}

/** Makes room once the disk was full for a moment, or its daemon is over. */
async function makeRoomLater(run, n, isOver) {
  await waitUntil(() => isOver() || run.hits(n).length > 0);
  await untilQuiet(run, n, isOver);
  run.tell('room');
}

/** Waits until a daemon has done nothing durable for a while, or is over. */
export async function untilQuiet(run, n, isOver = () => false) {
  const path = join(run.root, `calls-${n}`);
  let seen = -1;
  let since = Date.now();
  await waitUntil(() => {
    const size = existsSync(path) ? readFileSync(path).length : 0;
    if (size !== seen) [seen, since] = [size, Date.now()];
    return isOver() || (size > 0 && Date.now() - since > quietMs);
  });
}

function lastLine(run, n) {
  return run.said(n).trimEnd().split('\n').slice(-2).join(' / ');
}

function printed(run) {
  return Array.from({ length: run.daemons }, (_, index) => `--- daemon ${index + 1}\n${run.said(index + 1)}`).join('');
}

/** Runs points, `parallel` at a time, and hands each result over as it comes. */
export async function sweep(scenario, points, { parallel = 2, onResult = () => undefined } = {}) {
  const limit = pLimit(parallel);
  return Promise.all(
    points.map((point) =>
      limit(async () => {
        const result = await runPoint(scenario, point);
        onResult(result);
        return result;
      }),
    ),
  );
}

/** The counts of the closing note. */
export function summarise(results) {
  const findings = results.flatMap((result) => result.findings);
  const count = (kind) => findings.filter((finding) => finding.kind === kind).length;
  return {
    points: results.length,
    hit: results.filter((result) => result.hits.length >= result.point.faults.length).length,
    runs: results.reduce((sum, result) => sum + result.daemons, 0),
    losses: count('loss'),
    doubleStarts: count('double'),
    wrongEnds: count('end'),
  };
}

/** The calls themselves, without the lines that tell of their ends. */
export function numbered(calls) {
  return calls.filter((call) => call.k !== undefined);
}
