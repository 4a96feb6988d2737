/** What every benchmark stands on: scratch repositories, the stub agent, processes that are waited for, and medians. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';

/** The built command. */
export const cliMain = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** How long the stub agent "thinks", in seconds. */
export const stubSeconds = 0.2;
const filesInRepository = 1_000;
const filesPerFolder = 50;
const pollMs = 2;
const ticksPerSecond = 100;

/**
 * An agent that takes its time, writes a file named like its task and commits it, in the stream format of Claude Code.
 * With `BENCH_STARTS` it writes down, before all else, when it was started.
 */
const stub = `#!/bin/sh
[ -z "$BENCH_STARTS" ] || date +%s%N > "$BENCH_STARTS/\${PWD##*/}"
sleep ${stubSeconds}
echo "work of \${PWD##*/}" >> "work-\${PWD##*/}.txt"
git add . && git commit --quiet --message "Work" || exit 1
while [ $# -gt 0 ]; do
  case $1 in --session-id | --resume) session=$2 ;; esac
  shift
done
cat <<EOF
{"type":"system","subtype":"init","session_id":"$session","model":"stub"}
{"type":"result","subtype":"success","is_error":false,"num_turns":1,"total_cost_usd":0.01,"result":"done","session_id":"$session","structured_output":{"status":"done","summary":"Wrote a file."}}
EOF
`;

/** Makes the folder of all scratch files, the stub and a repository to copy; `dispose` removes it all. */
export function openScratch() {
  const root = mkdtempSync(join(tmpdir(), 'branchboard-bench-'));
  const template = join(root, 'template');
  const home = join(root, 'home');
  mkdirSync(home);
  writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Bench\n\temail = bench@localhost\n');
  const env = { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8', TMPDIR: tmpdir() };
  const agent = join(root, 'stub-agent');
  writeFileSync(agent, stub);
  chmodSync(agent, 0o755);
  makeRepository(template, env);
  let copies = 0;
  return {
    root,
    agent,
    env,
    /** A fresh copy of the repository. */
    copyRepository() {
      const copy = join(root, `repo-${(copies += 1)}`);
      cpSync(template, copy, { recursive: true, preserveTimestamps: true });
      run('git', ['status', '--short'], { cwd: copy, env });
      return copy;
    },
    /** The same, with a board whose agent is the stub. */
    makeBoard(maxParallel, agentEnv = {}) {
      const repo = this.copyRepository();
      run(process.execPath, [cliMain, 'init'], { cwd: repo, env });
      const agentSettings = JSON.stringify({ command: agent, env: agentEnv });
      const settings = `base: main\nmax_parallel: ${maxParallel}\nagent: ${agentSettings}\n`;
      writeFileSync(join(repo, '.orchestrator', 'config.yaml'), settings);
      return { repo, path: (...parts) => join(repo, '.orchestrator', ...parts) };
    },
    dispose: () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

function makeRepository(folder, env) {
  mkdirSync(folder);
  run('git', ['init', '--quiet', '--initial-branch=main'], { cwd: folder, env });
  for (let file = 0; file < filesInRepository; file += 1) {
    const parent = join(folder, `folder-${Math.floor(file / filesPerFolder)}`);
    mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, `file-${file}.txt`), `Line of file ${file}.\n`.repeat(50));
  }
  run('git', ['add', '-A'], { cwd: folder, env });
  run('git', ['commit', '--quiet', '--message=First commit'], { cwd: folder, env });
}

/** Runs a program to its end; throws if it fails. */
export function run(program, args, options) {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

/** Runs a program to its end; resolves to its wall time in milliseconds, start-up and all. */
export function time(program, args, options) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
    let complaint = '';
    child.stderr.on('data', (data) => (complaint += data));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - begun);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${complaint}`));
    });
  });
}

/**
 * Runs a board on its own until `work` is done, then stops it. `work` gets its pid and how long it took, in
 * milliseconds, until it had looked at its folder and published what it found.
 */
export async function withBoard(board, env, work) {
  rmSync(board.path('queue.json'), { force: true });
  const spawnedAt = performance.now();
  const options = { cwd: board.repo, env, stdio: ['ignore', 'ignore', 'inherit'] };
  const child = spawn(process.execPath, [cliMain, 'start'], options);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const data = await waitFor('the board to start', () => readIfThere(board.path('queue.json')));
    const startMs = performance.now() - spawnedAt;
    // What was started may leave the board to a process of its own.
    return await work({ pid: JSON.parse(data).daemon.pid, startMs });
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}

/** The memory that a process holds now, in MiB. */
export function readMemory(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** The processor time that a process used so far, user and system, in seconds. */
export function readCpu(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** A task's file that is old enough to be taken in at once. */
export function writeTask(path, id) {
  writeFileSync(path, `# Task ${id}\n\nWrite a file.\n`);
  const old = Date.now() / 1000 - 10;
  utimesSync(path, old, old);
}

/** Waits until `look` gives something else than undefined, and returns that. */
export async function waitFor(what, look, patienceMs = 120_000) {
  for (const until = performance.now() + patienceMs; performance.now() < until; await delay(pollMs)) {
    const seen = look();
    if (seen !== undefined) return seen;
  }
  throw new Error(`waited ${patienceMs / 1000} s in vain for ${what}`);
}

/** A file's text, or undefined. */
export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The value below which a share of all values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Prints rows of text in columns, under a title; the first row is the head. */
export function printTable(title, rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log(`\n${title}`);
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    );
    console.log(`  ${cells.join('   ')}`);
  }
}
