/**
 * The soak: a board at work for minutes, its daemon and its agents killed at random, and then a look at what is left.
 *
 *   rough    tasks are dropped, agents are killed, the daemon is killed and started again
 *   steady   the same, but one daemon lives through it all: its memory and its open files must stay flat
 *   calm     nothing is dropped or killed: every task must end, and nothing may be left
 *
 * `--minutes=10` for rough and steady together, `--seed=1`. It ends by itself, with exit code 1 where something is wrong.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { cliMain, median, openScratch, printTable, readIfThere, readMemory, run, waitFor } from '../bench/scratch.mjs';

const agentScript = fileURLToPath(new URL('agent.sh', import.meta.url));
const columns = ['queued', 'active', 'attention', 'done', 'archive'];
const option = (name, usual) =>
  Number(process.argv.find((each) => each.startsWith(`--${name}=`))?.split('=')[1] ?? usual);
const minutes = option('minutes', 10);
const random = makeRandom(option('seed', 1));
/** How much more memory the daemon may hold at the end of the steady part than at its beginning. */
const maxMemoryRatio = 1.3;
const maxMoreFiles = 8;
/** So long no task may be done where some are left; a busy machine is no loss. */
const stuckMs = 180_000;
/** A short soak has kills, too. */
const killEveryMs = Math.min(40_000, minutes * 15_000);

const scratch = openScratch();
const traces = join(scratch.root, 'traces');
mkdirSync(join(traces, 'locks'), { recursive: true });
const board = scratch.makeBoard(4);
writeFileSync(
  board.path('config.yaml'),
  `base: main\nsandbox: off\nmax_parallel: 4\nretries: 9\nagent: ${JSON.stringify({ command: agentScript, env: { SOAK: traces } })}\n`,
);
const counts = { dropped: 0, daemonKills: 0, agentKills: 0 };
const problems = [];
let daemon = null;

try {
  const begun = Date.now();
  const steadyAt = begun + minutes * 60_000 * 0.6;
  const calmAt = begun + minutes * 60_000;
  await startDaemon();
  const rough = every(() => random(killEveryMs / 2, killEveryMs), steadyAt, killDaemon);
  await Promise.all([
    rough,
    every(
      () => random(800, 2_500),
      calmAt,
      () => drop(),
    ),
    every(() => random(3_000, 6_000), calmAt, killAgent),
    rough.then(() => watchDaemon(calmAt)),
  ]);
  await settle();
  daemon.child.kill('SIGTERM');
  await daemon.ended;
  judge();
} finally {
  daemon?.child.kill('SIGKILL');
  for (const pid of findTagged()) process.kill(pid, 'SIGKILL');
  scratch.dispose();
}
console.log(problems.length === 0 ? '\nAll held.' : `\n${problems.join('\n')}`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function startDaemon() {
  const options = { cwd: board.repo, env: scratch.env, stdio: ['ignore', 'ignore', 'inherit'] };
  const child = spawn(process.execPath, [cliMain, 'board'], options);
  daemon = { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
  await waitFor('the board to start', () => (readBoard()?.daemon.pid === child.pid ? true : undefined));
}

async function killDaemon() {
  daemon.child.kill('SIGKILL');
  await daemon.ended;
  counts.daemonKills += 1;
  await delay(random(0, 3_000));
  await startDaemon();
}

/** Kills the agent of a run, by the pid in its claim, if it is alive and ours. */
function killAgent() {
  const agents = findTagged().filter((pid) => readIfThere(`/proc/${pid}/cmdline`)?.includes('agent.sh'));
  const pid = agents[random(0, agents.length - 1)];
  if (pid === undefined) return;
  counts.agentKills += 1;
  process.kill(pid, 'SIGKILL');
}

function drop() {
  const number = (counts.dropped += 1);
  const head =
    number > 1 && random(0, 2) === 0 ? `---\ndepends_on: [t${random(Math.max(1, number - 5), number - 1)}]\n---\n` : '';
  const made = join(scratch.root, 'made.md');
  writeFileSync(made, `${head}# Task ${number}\n\nWrite a file.\n`);
  renameSync(made, board.path('inbox', `t${number}.md`));
}

/** Samples what one daemon holds. */
async function watchDaemon(until) {
  const samples = [];
  // Only what comes after its start-up counts.
  await delay(Math.min(10_000, Math.max(0, until - Date.now()) / 4));
  while (Date.now() < until) {
    const { pid } = daemon.child;
    samples.push({ memory: readMemory(pid), files: readdirSync(`/proc/${pid}/fd`).length });
    await delay(1_000);
  }
  const third = Math.ceil(samples.length / 3);
  const of = (part, what) => median(part.map((sample) => sample[what]));
  const [first, last] = [samples.slice(0, third), samples.slice(-third)];
  const memory = [of(first, 'memory'), of(last, 'memory')];
  // What is open for a moment says nothing of what stays open.
  const files = [first, last].map((part) => Math.min(...part.map((sample) => sample.files)));
  counts.memory = memory;
  counts.files = files;
  if (memory[1] > memory[0] * maxMemoryRatio) problems.push(`memory grew from ${memory[0]} to ${memory[1]} MiB`);
  if (files[1] > files[0] + maxMoreFiles) problems.push(`open files grew from ${files[0]} to ${files[1]}`);
}

/** Waits until every task is done; what was given up, since its agent was killed ten times, is tried again. */
async function settle() {
  let done = -1;
  for (let since = Date.now(); Date.now() < since + stuckMs; await delay(250)) {
    for (const name of list('attention')) renameSync(board.path('attention', name), board.path('queued', name));
    if (list('done').length > done) since = Date.now();
    done = list('done').length;
    if (done === counts.dropped) return;
  }
  for (const column of ['inbox', ...columns]) {
    if (column !== 'done' && list(column).length > 0) problems.push(`left in ${column}/: ${list(column).join(', ')}`);
  }
}

function judge() {
  const done = list('done');
  const starts = (readIfThere(join(traces, 'starts')) ?? '').trim().split('\n');
  const doubles = readIfThere(join(traces, 'doubles'));
  const files = columns.flatMap(list);
  if (doubles !== undefined) problems.push(`two agents at once: ${doubles}`);
  if (new Set(starts).size !== starts.length) problems.push('a run was started twice');
  if (files.length !== counts.dropped) problems.push(`${counts.dropped} tasks were dropped, ${files.length} are left`);
  if (new Set(files).size !== files.length) problems.push('a task is in two columns');
  const branches = new Set(git('for-each-ref', '--format=%(refname:short)', 'refs/heads/task').split('\n'));
  for (const name of done) {
    const id = name.slice(0, -'.md'.length);
    const isThere =
      branches.has(`task/${id}`) && git('ls-tree', '--name-only', `task/${id}`).includes(`work-${id}.txt`);
    if (!isThere) problems.push(`${id} is done without its work`);
  }
  const left = findTagged();
  if (left.length > 0) problems.push(`processes left: ${left.join(', ')}`);
  for (const line of readFileSync(board.path('history.jsonl'), 'utf8').split('\n').slice(0, -1)) parseLine(line);
  const [before, after] = counts.memory ?? [];
  const [filesBefore, filesAfter] = counts.files ?? [];
  printTable(`The soak (${minutes} minutes)`, [
    ['', 'count'],
    ['tasks dropped', `${counts.dropped}`],
    ['tasks done', `${done.length}`],
    ['agents started', `${starts.length}`],
    ['daemons killed', `${counts.daemonKills}`],
    ['agents killed', `${counts.agentKills}`],
    ['memory of one daemon, MiB, first and last third', `${before?.toFixed(1)} → ${after?.toFixed(1)}`],
    ['its open files', `${filesBefore} → ${filesAfter}`],
  ]);
}

function parseLine(line) {
  try {
    JSON.parse(line);
  } catch {
    problems.push(`history.jsonl holds a line that is no JSON: ${line.slice(0, 100)}`);
  }
}

function readBoard() {
  const text = readIfThere(board.path('queue.json'));
  return text === undefined ? undefined : JSON.parse(text);
}

function list(column) {
  return readdirSync(board.path(column)).filter((name) => name.endsWith('.md') && !name.startsWith('.'));
}

function git(...args) {
  return run('git', args, { cwd: board.repo, env: scratch.env });
}

/** Living processes of this board's agents. */
function findTagged() {
  const tag = `\0BRANCHBOARD_BOARD=${board.path()}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && `\0${readIfThere(`/proc/${name}/environ`) ?? ''}`.includes(tag))
    .map(Number);
}

async function every(chooseDelayMs, until, act) {
  for (;;) {
    await delay(chooseDelayMs());
    if (Date.now() >= until) return;
    await act();
  }
}

/** Whole numbers from a seed, both ends included. */
function makeRandom(seed) {
  let state = seed >>> 0;
  return (from, to) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from + Math.floor((state / 2 ** 32) * (to - from + 1));
  };
}
