/** A board with a long past: what it costs to start and to be there, and what it holds in memory. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, printTable, readCpu, readMemory, run, waitFor, withBoard, writeTask } from './scratch.mjs';

/** After its start a board may still be tidying up. */
const settleMs = 3_000;

/** Prints start-up, idle processor time and memory, of an empty board beside one with `done` finished tasks. */
export async function benchScale(scratch, { done, rounds, idleSeconds }) {
  const seen = [0, done].map((count) => ({ count, startMs: [], cpuSeconds: [], memory: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { count, startMs, cpuSeconds, memory } of seen) {
      const board = scratch.makeBoard(4);
      writeFinished(scratch, board, count);
      await withBoard(board, scratch.env, async (running) => {
        startMs.push(running.startMs);
        await delay(settleMs);
        const before = readCpu(running.pid);
        await delay(idleSeconds * 1_000);
        cpuSeconds.push(readCpu(running.pid) - before);
        memory.push(readMemory(running.pid));
      });
    }
  }
  const [none, many] = seen;
  const more = (key) => median(many[key]) - median(none[key]);
  printTable(`A board with a past, ${idleSeconds} s idle, ${rounds} rounds`, [
    ['', 'start to published', 'memory', 'idle CPU'],
    ...seen.map(({ count, startMs, cpuSeconds, memory }) => [
      `${count.toLocaleString('en')} tasks in done/`,
      `${median(startMs).toFixed(0)} ms`,
      `${median(memory).toFixed(0)} MiB`,
      `${median(cpuSeconds).toFixed(2)} s`,
    ]),
    ['difference', `${more('startMs').toFixed(0)} ms`, `${more('memory').toFixed(0)} MiB`, ''],
    ['budget', 'at most 100 ms', 'at most 40 MB', ''],
  ]);
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
