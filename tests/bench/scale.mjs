/** A board with a long past: what it costs to start and to be there, and what it holds in memory. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  cliMain,
  median,
  printTable,
  readCpu,
  readMemory,
  run,
  time,
  waitFor,
  withBoard,
  writeTask,
} from './scratch.mjs';

/** After its start a board may still be tidying up. */
const settleMs = 3_000;

/** Prints start-up, idle processor time and memory, of an empty board beside one with `done` finished tasks. */
export async function benchScale(scratch, { done, idleSeconds }) {
  const rows = [];
  for (const count of [0, done]) {
    const board = scratch.makeBoard(4);
    writeFinished(scratch, board, count);
    const seen = await withBoard(board, scratch.env, async ({ pid, startMs }) => {
      await delay(settleMs);
      const before = readCpu(pid);
      await delay(idleSeconds * 1_000);
      return { startMs, cpuSeconds: readCpu(pid) - before, memory: readMemory(pid) };
    });
    const { startMs, cpuSeconds, memory } = seen;
    const idle = `${cpuSeconds.toFixed(2)} s`;
    rows.push([
      `${count.toLocaleString('en')} tasks in done/`,
      `${startMs.toFixed(0)} ms`,
      idle,
      `${memory.toFixed(0)} MiB`,
    ]);
  }
  printTable(`A board with a past, ${idleSeconds} s idle`, [['', 'start to published', 'idle CPU', 'memory'], ...rows]);
}

/** Prints what a board holds once many tasks have gone through it. */
export async function benchMemory(scratch, { tasks }) {
  const board = scratch.makeBoard(4);
  const [before, after] = await withBoard(board, scratch.env, async ({ pid }) => {
    const idle = readMemory(pid);
    for (let index = 0; index < tasks; index += 1) writeTask(board.path('inbox', `task-${index}.md`), `task-${index}`);
    await waitFor(
      `${tasks} tasks`,
      () => (readdirSync(board.path('done')).length === tasks ? true : undefined),
      600_000,
    );
    return [idle, readMemory(pid)];
  });
  console.log(`\nMemory of a board: ${before.toFixed(0)} MiB idle, ${after.toFixed(0)} MiB after ${tasks} tasks`);
}

/** Prints how long commands take that do next to nothing, beside Node.js itself. */
export async function benchStartUp(scratch, { rounds }) {
  const { repo } = scratch.makeBoard(4);
  const calls = {
    'node -e 0': ['-e', '0'],
    'branchboard --version': [cliMain, '--version'],
    'branchboard status': [cliMain, 'status'],
  };
  const times = Object.fromEntries(Object.keys(calls).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, args] of Object.entries(calls)) {
      times[name].push(await time(process.execPath, args, { cwd: repo, env: scratch.env }));
    }
  }
  const bare = median(times['node -e 0']);
  const rows = Object.entries(times).map(([name, values]) => {
    return [name, `${median(values).toFixed(0)} ms`, (median(values) / bare).toFixed(2)];
  });
  printTable(`Commands, ${rounds} rounds`, [['', 'median', 'ratio'], ...rows]);
}

function writeFinished(scratch, board, count) {
  const base = run('git', ['rev-parse', 'HEAD'], { cwd: board.repo, env: scratch.env }).trim();
  const begun = Date.now() - count * 60_000;
  for (let index = 0; index < count; index += 1) {
    const id = `old-${index}`;
    writeFileSync(board.path('done', `${id}.md`), `# Old task ${index}\n\nIt was done long ago.\n`);
    mkdirSync(join(board.path('runs', id)));
    writeFileSync(
      board.path('runs', id, 'verdict.json'),
      JSON.stringify(makeVerdict(id, base, begun + index * 60_000)),
    );
  }
}

function makeVerdict(id, base, at) {
  return {
    ...{
      version: 1,
      column: 'done',
      run: 1,
      at,
      title: `Old task ${id}`,
      agent: 'developer',
      fault: null,
      question: null,
    },
    ...{
      summary: 'It was done.',
      branch: `task/${id}`,
      base,
      tip: base,
      commits: 1,
      verified: true,
      nothingToDo: false,
    },
    ...{
      diffstat: { files: 1, insertions: 1, deletions: 0 },
      report: null,
      followUps: [],
      sessionId: null,
      attempts: 1,
    },
    ...{ costUsd: 0.1, workedMs: 60_000, mergedAt: at },
  };
}
