/**
 * A board on a disk that is full: a small tmpfs in a mount namespace of its own, where the machine allows one.
 *
 *   unshare -Urm node small-disk.mjs ROOT     run inside the namespace by `runOnSmallDisk`; prints its report as JSON
 *
 * The board's folder is moved onto the tmpfs and a ballast file leaves `roomBytes` on it; worktrees lie elsewhere, so
 * that it is the board that has no room, not the agents. Once the board stands still the ballast goes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, cpSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Buffer } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { checkInvariants } from './invariants.mjs';
import { Run, patienceMs, waitUntil } from './scenario.mjs';
import { untilQuiet } from './sweep.mjs';

const diskBytes = 1024 * 1024;
/** Room for the inbox's files and some, and by far not for five tasks' runs. */
const roomBytes = 64 * 1024;
const pageBytes = 4096;
const self = fileURLToPath(import.meta.url);

/** Whether this machine lets us mount a file system of our own. */
export function hasNamespaces() {
  if (process.platform !== 'linux') return false;
  return spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' }).status === 0;
}

/**
 * Runs the scenario on a small disk. Gives what was found at the end, what the daemon said until it had room again,
 * and whether it went on by itself.
 */
export function runOnSmallDisk(scenario) {
  const run = scenario.copy();
  try {
    const args = ['-Urm', process.execPath, self, run.root];
    const printed = execFileSync('unshare', args, { encoding: 'utf8', timeout: 3 * patienceMs });
    return JSON.parse(printed.slice(printed.lastIndexOf('\n{') + 1));
  } finally {
    run.dispose();
  }
}

async function runInside(root) {
  const run = new Run(root);
  const settings = JSON.parse(readFileSync(join(run.board, 'config.yaml'), 'utf8'));
  writeFileSync(
    join(run.board, 'config.yaml'),
    JSON.stringify({ ...settings, worktrees: { dir: join(root, 'worktrees') } }),
  );
  const saved = join(root, 'saved');
  renameSync(run.board, saved);
  execFileSync('mkdir', [run.board]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', run.board]);
  cpSync(saved, run.board, { recursive: true, preserveTimestamps: true });
  const ballast = join(run.board, '.ballast');
  fill(ballast, free(run.board) - roomBytes);
  const { n, ended } = run.start();
  let end = null;
  void ended.then((how) => (end = how));
  await waitUntil(() => free(run.board) < 2 * pageBytes || end !== null);
  await untilQuiet(run, n);
  const whenFull = { said: run.said(n), ended: end, starts: run.trace().length, free: free(run.board) };
  rmSync(ballast);
  await ended;
  const findings = checkInvariants(run, { mayRepeat: true });
  console.log(`\n${JSON.stringify({ whenFull, end, findings, said: run.said(n) })}`);
}

function free(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function fill(path, bytes) {
  const fd = openSync(path, 'w');
  for (let left = bytes; left > 0; left -= pageBytes) writeSync(fd, Buffer.alloc(Math.min(left, pageBytes)));
  fsyncSync(fd);
  closeSync(fd);
}

if (process.argv[1] === self && existsSync(process.argv[2] ?? '')) await runInside(process.argv[2]);
