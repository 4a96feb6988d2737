/** Many independent tasks, several at a time: a board against the shell script that does without one. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliMain, median, printTable, run, stubSeconds, time, writeTask } from './scratch.mjs';

const parallel = 4;

/** One task of the alternative: a worktree, added under a lock, and the agent in it. */
const shellTask = `#!/bin/sh
set -e
id=$1
flock "$BENCH_ROOT/lock" git -C "$BENCH_ROOT/repo" worktree add --quiet -b "task/$id" "$BENCH_ROOT/worktrees/$id" main
cd "$BENCH_ROOT/worktrees/$id"
"$BENCH_AGENT" > "$BENCH_ROOT/$id.jsonl" < /dev/null
`;

/** Measures `rounds` pairs after one that does not count, prints them and returns the ratio of the medians. */
export async function benchThroughput(scratch, { tasks, rounds }) {
  const shell = [];
  const board = [];
  for (let round = 0; round <= rounds; round += 1) {
    const shellMs = await runShell(scratch, tasks);
    const boardMs = await runBoard(scratch, tasks);
    if (round === 0) continue;
    shell.push(shellMs);
    board.push(boardMs);
    console.log(
      `  round ${round}: shell ${seconds(shellMs)}, board ${seconds(boardMs)}, ${(boardMs / shellMs).toFixed(2)}`,
    );
  }
  const ratios = board.map((boardMs, round) => boardMs / shell[round]);
  printTable(`${tasks} tasks, ${parallel} at a time, agent ${stubSeconds} s, ${rounds} rounds A B A B`, [
    ['', 'min', 'median', 'max'],
    ['A  shell: flock git worktree add, xargs -P', ...spread(shell).map(seconds)],
    ['B  branchboard start --until-idle', ...spread(board).map(seconds)],
    ['B / A, round by round', ...spread(ratios).map((ratio) => ratio.toFixed(2))],
  ]);
  const ratio = median(board) / median(shell);
  console.log(`  ratio of the medians: ${ratio.toFixed(3)}   median of the ratios: ${median(ratios).toFixed(3)}`);
  return ratio;
}

async function runShell(scratch, tasks) {
  const root = join(scratch.root, `shell-${process.hrtime.bigint()}`);
  mkdirSync(join(root, 'worktrees'), { recursive: true });
  const repo = scratch.copyRepository();
  writeFileSync(join(root, 'task.sh'), shellTask);
  chmodSync(join(root, 'task.sh'), 0o755);
  const ids = Array.from({ length: tasks }, (_, index) => idOf(index));
  writeFileSync(join(root, 'ids'), ids.join('\n'));
  const env = { ...scratch.env, BENCH_ROOT: root, BENCH_AGENT: scratch.agent };
  run('ln', ['-s', repo, join(root, 'repo')]);
  const ms = await time('xargs', ['-a', join(root, 'ids'), `-P${parallel}`, '-n1', join(root, 'task.sh')], { env });
  checkBranches(repo, scratch.env, tasks);
  return ms;
}

async function runBoard(scratch, tasks) {
  const board = scratch.makeBoard(parallel);
  for (let index = 0; index < tasks; index += 1) writeTask(board.path('inbox', `${idOf(index)}.md`), idOf(index));
  const options = { cwd: board.repo, env: scratch.env };
  const ms = await time(process.execPath, [cliMain, 'start', '--until-idle'], options);
  checkBranches(board.repo, scratch.env, tasks);
  const done = readdirSync(board.path('done')).length;
  if (done !== tasks) throw new Error(`only ${done} of ${tasks} tasks are done in ${board.repo}`);
  return ms;
}

/** A round counts only if all the work is there: one commit on each task's branch. */
function checkBranches(repo, env, tasks) {
  const commits = run('git', ['rev-list', '--count', '--branches=task/*', '^main'], { cwd: repo, env }).trim();
  if (Number(commits) !== tasks) throw new Error(`${repo} has ${commits} commits of tasks, not ${tasks}`);
}

const idOf = (index) => `task-${index + 1}`;
const spread = (values) => [Math.min(...values), median(values), Math.max(...values)];
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
