import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  readFact,
  readTaskFacts,
  runFiles,
  setRunsAside,
  writePlanFact,
  writeRecordFact,
  writePromptFile,
  writeReportFile,
  writeVerdictFact,
} from '../../../src/adapters/files/facts.ts';
import type { RunPlan, RunRecord, Verdict } from '../../../src/domain/run.ts';
import { emptyRunView } from '../../../src/domain/run.ts';
import { PortError } from '../../../src/ports.ts';
import { ScratchFolder, taskId } from './scratch.ts';

const task = taskId('add-auth');
const record: RunRecord = {
  version: 1,
  exit: { endedAt: 5, exitCode: 0, signal: null, stopped: null, view: emptyRunView, stderrTail: '' },
  evidence: null,
  outcome: { kind: 'done', summary: 'Done.' },
};

let scratch: ScratchFolder;
beforeEach(() => (scratch = new ScratchFolder()));
afterEach(() => scratch.remove());

function planOf(n: number): RunPlan {
  return {
    version: 1,
    task,
    n,
    attempt: 1,
    freeRestarts: 0,
    cause: { kind: 'first' },
    session: { mode: 'fresh', id: 's' },
    workspace: { kind: 'branch', path: '/w', base: 'b', branch: 'task/add-auth' },
    taskHash: 'h',
    bootId: null,
    plannedAt: 1,
  };
}

test('facts come back as they were written, runs in the order of their numbers', async () => {
  for (const n of [10, 2, 1]) await writePlanFact(scratch.layout, planOf(n));
  await writeRecordFact(scratch.layout, { task, n: 2 }, record);
  const verdict: Partial<Verdict> = { version: 1, column: 'done', title: 'T' };
  await writeVerdictFact(scratch.layout, task, verdict as Verdict);
  const facts = await readTaskFacts(scratch.layout, task);
  expect(facts.highestRun).toBe(10);
  expect(facts.runs).toEqual([
    { plan: planOf(1), record: null },
    { plan: planOf(2), record },
    { plan: planOf(10), record: null },
  ]);
  expect(facts.verdict).toEqual(verdict);
});

test('a task without runs has no facts', async () => {
  expect(await readTaskFacts(scratch.layout, task)).toEqual({ highestRun: 0, runs: [], damaged: [], verdict: null });
});

test('a run is planned once', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  const second = writePlanFact(scratch.layout, { ...planOf(1), attempt: 2 });
  await expect(second).rejects.toBeInstanceOf(PortError);
  await expect(second).rejects.toMatchObject({ code: 'EEXIST', message: 'run 1 of add-auth is planned already' });
  expect((await readTaskFacts(scratch.layout, task)).runs[0]?.plan.attempt).toBe(1);
  expect(readdirSync(scratch.layout.run(planOf(1)))).toEqual([runFiles.plan]);
});

test('a folder without a readable plan still counts as a number that was used, and the plan as damaged', async () => {
  mkdirSync(scratch.layout.run({ task, n: 3 }), { recursive: true });
  writeFileSync(join(scratch.layout.run({ task, n: 3 }), runFiles.plan), '{"version":1,');
  mkdirSync(join(scratch.layout.taskRuns(task), 'not-a-run'));
  expect(await readTaskFacts(scratch.layout, task)).toEqual({
    highestRun: 3,
    runs: [],
    damaged: ['3/plan.json'],
    verdict: null,
  });
});

test.each(['', '{', 'null', '[]', '3', '{"version":2}'])('a fact that is %j counts as missing', async (text) => {
  expect(await readFact(scratch.write('fact.json', text))).toBeNull();
});

test('what is no regular file in the place of a fact counts as damaged, and keeps nobody waiting', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  const folder = scratch.layout.taskRuns(task);
  execFileSync('mkfifo', [join(folder, '1', runFiles.record)]);
  mkdirSync(join(folder, '2', runFiles.plan), { recursive: true });
  symlinkSync(join(folder, '1', runFiles.plan), join(folder, 'verdict.json'));
  const facts = await readTaskFacts(scratch.layout, task);
  expect(facts.runs).toEqual([{ plan: planOf(1), record: null }]);
  expect([...facts.damaged].sort()).toEqual(['1/exit.json', '2/plan.json', 'verdict.json']);
});

test('a fact that is too large counts as damaged', async () => {
  const path = join(scratch.layout.run(planOf(1)), runFiles.plan);
  await writePlanFact(scratch.layout, planOf(1));
  truncateSync(path, 17 * 1024 * 1024);
  expect((await readTaskFacts(scratch.layout, task)).damaged).toEqual(['1/plan.json']);
});

test('a prompt is written anew, whatever stands in its place', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  const path = join(scratch.layout.run(planOf(1)), runFiles.prompt);
  execFileSync('mkfifo', [path]);
  await writePromptFile(scratch.layout, planOf(1), 'Do it.');
  expect(readFileSync(path, 'utf8')).toBe('Do it.');
});

test('what runs hold is for the user alone', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  await writePromptFile(scratch.layout, planOf(1), 'secret');
  await writeReportFile(scratch.layout, planOf(1), 'secret');
  const folder = scratch.layout.run(planOf(1));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('the runs of an earlier task of the same id are put aside whole', async () => {
  await setRunsAside(scratch.layout, task, 1);
  expect(existsSync(scratch.layout.runs)).toBe(false);
  await writePlanFact(scratch.layout, planOf(1));
  await setRunsAside(scratch.layout, task, 42);
  expect(await readTaskFacts(scratch.layout, task)).toMatchObject({ highestRun: 0, runs: [] });
  const kept = join(scratch.layout.runs, '.earlier', 'add-auth-42', '1', runFiles.plan);
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(planOf(1));
});
