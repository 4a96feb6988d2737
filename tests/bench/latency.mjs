/** From a file's move into the inbox of an idle board to its agent's start, beside the git and spawn calls that it takes. */
import { mkdirSync, renameSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { printTable, quantile, readIfThere, run, time, waitFor, withBoard, writeTask } from './scratch.mjs';

/** Drops files one by one, each beside a bare start, and prints how long both take. */
export async function benchLatency(scratch, { drops }) {
  const starts = join(scratch.root, 'starts');
  mkdirSync(starts);
  const board = scratch.makeBoard(4, { BENCH_STARTS: starts });
  const bareRepo = scratch.copyRepository();
  const dropped = [];
  const bare = [];
  await withBoard(board, scratch.env, async () => {
    for (let drop = 0; drop <= drops; drop += 1) {
      const bareMs = await startBare(scratch, bareRepo, starts, `bare-${drop}`);
      const droppedMs = await dropTask(board, starts, `drop-${drop}`);
      // The first pair warms up.
      if (drop === 0) continue;
      bare.push(bareMs);
      dropped.push(droppedMs);
    }
  });
  const row = (values) => [0.5, 0.95].map((share) => `${quantile(values, share).toFixed(0)} ms`);
  const difference = (share) => quantile(dropped, share) - quantile(bare, share);
  const ratio = (share) => quantile(dropped, share) / quantile(bare, share);
  printTable(`From the drop to the agent's start, ${drops} single drops on an idle board`, [
    ['', 'p50', 'p95'],
    ['bare: git worktree add, git reset, spawn', ...row(bare)],
    ['board: mv into inbox/ until the agent runs', ...row(dropped)],
    ['difference', ...[0.5, 0.95].map((share) => `${difference(share).toFixed(0)} ms`)],
    ['ratio', ...[0.5, 0.95].map((share) => ratio(share).toFixed(2))],
  ]);
}

async function dropTask(board, starts, id) {
  const made = join(board.repo, '..', `${id}.md`);
  writeTask(made, id);
  const droppedAt = now();
  renameSync(made, board.path('inbox', `${id}.md`));
  const startedAt = await readStart(starts, id);
  await waitFor(`${id} to be done`, () => readIfThere(board.path('done', `${id}.md`)));
  return startedAt - droppedAt;
}

/** What no board can do without: a worktree, its files, and the agent's process. */
async function startBare(scratch, repo, starts, id) {
  const { env, agent } = scratch;
  const worktree = join(scratch.root, 'bare', id);
  const begunAt = now();
  await time('git', ['worktree', 'add', '--quiet', '--no-checkout', '-b', `task/${id}`, worktree, 'main'], {
    cwd: repo,
    env,
  });
  await time('git', ['reset', '--hard', '--quiet'], { cwd: worktree, env });
  const child = spawn(agent, [], { cwd: worktree, env: { ...env, BENCH_STARTS: starts }, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const startedAt = await readStart(starts, id);
  await ended;
  run('git', ['worktree', 'remove', '--force', worktree], { cwd: repo, env });
  return startedAt - begunAt;
}

/** When the stub began, in milliseconds since the epoch. */
async function readStart(starts, id) {
  const nanoseconds = await waitFor(`the agent of ${id}`, () => {
    const text = readIfThere(join(starts, id));
    return text?.endsWith('\n') === true ? text.trim() : undefined;
  });
  return Number(BigInt(nanoseconds) / 1000n) / 1000;
}

const now = () => performance.timeOrigin + performance.now();
