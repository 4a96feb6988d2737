/**
 * One board for all crash tests: a repository with tasks in its inbox and commands that wait, made once and copied for each run, and the
 * means to run the built daemon on a copy with a fault in it.
 *
 *   root/repo     the repository with its board
 *   root/home     an empty home
 *   root/trace    what the agents did, a line for each step
 *   root/calls-N  the durable calls of the Nth daemon
 *   root/said-N   what it printed
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';

const cliMain = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const faultPoint = fileURLToPath(new URL('fault-point.mjs', import.meta.url));
const agent = fileURLToPath(new URL('agent.sh', import.meta.url));
/** A daemon that takes longer is ended, and that is a fault. */
export const patienceMs = 180_000;
const pollMs = 10;

/** The tasks, each with where it must end and the attempts that its agent must be started for. */
export const expectations = {
  first: { column: 'done', attempts: [1], branch: true },
  second: { column: 'done', attempts: [1], branch: true },
  flaky: { column: 'done', attempts: [1, 2], branch: true },
  scout: { column: 'done', attempts: [1], branch: false },
  asker: { column: 'attention', attempts: [1], branch: false },
  again: { column: 'done', attempts: [1], branch: true },
  returned: { column: 'done', attempts: [1], branch: true },
  plan: { column: 'done', attempts: [1], branch: false },
  part: { column: 'done', attempts: [1], branch: true },
  'other-part': { column: 'done', attempts: [1], branch: true },
  unwanted: { column: 'archive', attempts: [], branch: false },
};

/** Stands in the dashboard from the beginning. */
export const userNote = 'Tabs, please; and no semicolons.';

const tasks = {
  first: '---\nverify: test -s first.txt\npriority: high\n---\n# Simple\n\nWrite a file.\n',
  second: '---\ndepends_on: [first]\n---\n# Builds on it\n\nWrite another one.\n',
  flaky: '# Fails once\n\nWrite a file, the second time.\n',
  scout: '---\nagent: pattern-scout\n---\n# Looks around\n\nLook around and report.\n',
  plan: '---\nagent: planner\nauto_accept: true\n---\n# Is cut in two\n\nPlan it.\n',
  asker: '# Has a question\n\nAsk.\n',
  unwanted: '---\ndepends_on: [missing]\n---\n# Is cancelled\n\nNobody does this.\n',
};

/** Tasks that wait for their user from the beginning: one that was put aside, and one that the user called done. */
const waiting = {
  'attention/again.md': '# Is tried again\n\nWrite a file.\n',
  'done/returned.md': '# Is sent back\n\nWrite a file.\n',
};

/** What the user says to a task that they send back. */
export const words = 'Keep v1.';

/** What the user asked before the first daemon, by the commands' ids, with the column in which they saw the task. */
export const commands = {
  '000000000000001-0000000a': [{ kind: 'pause' }],
  '000000000000002-0000000b': [{ kind: 'set-priority', task: 'second', priority: 'low' }],
  '000000000000003-0000000c': [{ kind: 'add-dependency', task: 'scout', on: 'first' }],
  '000000000000004-0000000d': [{ kind: 'cancel', task: 'unwanted' }, 'queued'],
  '000000000000005-0000000e': [{ kind: 'retry', task: 'again' }, 'attention'],
  '000000000000006-0000000f': [{ kind: 'resume' }],
  '000000000000007-00000010': [{ kind: 'send-back', task: 'returned', commit: null, text: words }, 'done'],
};

/** The template of all runs, below the system's folder for temporary files; `dispose` removes it and all copies. */
export function openScenario() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-crash-')));
  const template = join(root, 'template');
  const repo = join(template, 'repo');
  mkdirSync(join(template, 'home'), { recursive: true });
  mkdirSync(repo);
  const env = environmentOf(template);
  const git = (...args) => execFileSync('git', args, { cwd: repo, env, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main', '--template=');
  git('config', 'user.name', 'A Developer');
  git('config', 'user.email', 'dev@example.invalid');
  writeFileSync(join(repo, 'README.md'), 'hello\n');
  git('add', '--all');
  git('commit', '--quiet', '--message=first');
  execFileSync(process.execPath, [cliMain, 'init'], { cwd: repo, env, stdio: 'pipe' });
  const agentSettings = { command: '/bin/sh', args: [agent] };
  // What keeps is looked at here, and each start that tries the sandbox takes half a second.
  const settings = { base: 'main', sandbox: 'off', agent: agentSettings, task_rights: { verify: 'test -s first.txt' } };
  writeFileSync(join(repo, '.orchestrator', 'config.yaml'), JSON.stringify(settings));
  writeFileSync(join(repo, '.orchestrator', 'DASHBOARD.md'), `# Dashboard\n\n## User Notes\n${userNote}\n`);
  for (const [id, text] of Object.entries(tasks)) {
    const path = join(repo, '.orchestrator', 'inbox', `${id}.md`);
    writeFileSync(path, text);
    const old = Date.now() / 1000 - 60;
    utimesSync(path, old, old);
  }
  mkdirSync(join(repo, '.orchestrator', 'commands'), { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(waiting)) writeFileSync(join(repo, '.orchestrator', name), text);
  for (const [id, [command, column = null]] of Object.entries(commands)) {
    const seen = column === null ? null : { column, run: null };
    const request = { version: 1, id, by: 'cli', at: 1, seen, command };
    writeFileSync(join(repo, '.orchestrator', 'commands', `${id}.json`), JSON.stringify(request), { mode: 0o600 });
  }
  let copies = 0;
  return {
    copy() {
      const copy = join(root, `run-${(copies += 1)}`);
      execFileSync('cp', ['-a', template, copy]);
      return new Run(copy);
    },
    dispose: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function environmentOf(root) {
  return { PATH: process.env.PATH, HOME: join(root, 'home'), GIT_CONFIG_NOSYSTEM: '1', LANG: 'C.UTF-8' };
}

/** One copy of the scenario and the daemons that run on it, one after the other. */
export class Run {
  daemons = 0;

  constructor(root) {
    this.root = root;
    this.repo = join(root, 'repo');
    this.board = join(this.repo, '.orchestrator');
    this.env = environmentOf(root);
  }

  /** Starts a daemon with the variables of `fault-point.mjs`; `ended` tells how it ended. */
  start(fault = {}) {
    const n = (this.daemons += 1);
    const out = openSync(join(this.root, `said-${n}`), 'a');
    const args = ['--import', faultPoint, cliMain, 'board', '--until-idle'];
    const env = { ...this.env, FAULT_LOG: join(this.root, `calls-${n}`), ...fault };
    const child = spawn(process.execPath, args, { cwd: this.repo, env, stdio: ['ignore', out, out] });
    closeSync(out);
    const ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => resolve({ code, signal, late: false })),
    );
    return { n, child, ended: this.#inTime(child, ended) };
  }

  /** Runs a daemon to its end. */
  async run(fault = {}) {
    return this.start(fault).ended;
  }

  async #inTime(child, ended) {
    // A timer that is left over must not keep us from our own end.
    const end = await Promise.race([ended, delay(patienceMs, null, { ref: false })]);
    if (end !== null) return end;
    child.kill('SIGKILL');
    await ended;
    return { code: null, signal: null, late: true };
  }

  /** The durable calls of the nth daemon, those that ended with their place in the log. */
  calls(n) {
    const path = join(this.root, `calls-${n}`);
    // What follows the last line break is still being written.
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
    return lines.map((line) => JSON.parse(line));
  }

  /** The calls of the nth daemon that a fault hit. */
  hits(n) {
    return this.calls(n).filter((call) => call.hit !== undefined);
  }

  /** What the agents did: `{ what, run, task, attempt, pid }`. */
  trace() {
    const path = join(this.root, 'trace');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
    return lines.map((line) => {
      const [what, run, attempt, pid] = line.split(' ');
      return { what, run, task: run.split('/')[0], attempt: Number(attempt), pid: Number(pid) };
    });
  }

  said(n) {
    return readFileSync(join(this.root, `said-${n}`), 'utf8');
  }

  /** A file of the run's folder that tells the agents something. */
  tell(name) {
    writeFileSync(join(this.root, name), '');
  }

  /** Processes that are tagged as this board's. */
  agents() {
    const tag = `BRANCHBOARD_BOARD=${this.board}\0`;
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && readEnvironment(name).includes(tag));
  }

  git(...args) {
    return execFileSync('git', args, { cwd: this.repo, env: this.env, encoding: 'utf8', stdio: 'pipe' });
  }

  /** Ends the agents that are left and removes everything. */
  dispose() {
    for (const pid of this.agents()) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Waits until something holds; false if it does not in time. */
export async function waitUntil(holds, forMs = patienceMs) {
  for (const until = performance.now() + forMs; performance.now() < until; await delay(pollMs))
    if (holds()) return true;
  return false;
}

function readEnvironment(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
