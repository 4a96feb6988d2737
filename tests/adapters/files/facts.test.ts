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
  readTaskFacts,
  readReviewFact,
  readVerdictFact,
  runFiles,
  setRunsAside,
  writePlanFact,
  writeRecordFact,
  writePromptFile,
  writeReportFile,
  writeReviewFact,
  writeVerdictFact,
} from '../../../src/adapters/files/facts.ts';
import { openReview } from '../../../src/domain/review.ts';
import { agreeTerms } from '../../../src/domain/run-terms.ts';
import type { RunPlan, RunRecord } from '../../../src/domain/run.ts';
import { defaultSettings } from '../../../src/domain/settings.ts';
import { makeSpec } from '../../prompt/input.ts';
import { makeCommandId } from '../../../src/domain/command.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { emptyRunView } from '../../../src/domain/run.ts';
import { PortError } from '../../../src/ports.ts';
import { ScratchFolder, taskId } from './scratch.ts';

const task = taskId('add-auth');
const record: RunRecord = {
  version: 1,
  exit: {
    ...{ endedAt: 5, exitCode: 0, signal: null, stopped: null, view: emptyRunView, stderrTail: '', moved: [] },
    endedBy: { kind: 'ended' },
  },
  evidence: null,
  outcome: { kind: 'done', summary: 'Done.' },
};

const verdict: Verdict = {
  ...{
    version: 1,
    column: 'done',
    run: 2,
    at: 7,
    title: 'T',
    agent: 'implementer',
    fault: null,
    question: null,
    options: [],
  },
  ...{ summary: 'Done.', branch: 'task/add-auth', base: 'b', tip: 't', commits: 1, verified: true, nothingToDo: false },
  changesWhatRuns: ['package.json (scripts)'],
  judgements: [
    {
      run: 2,
      role: 'backend-reviewer',
      commit: 'f'.repeat(40),
      result: 'changes',
      summary: 'No.',
      comments: [{ path: 'a.ts', line: 3, reason: 'It is wrong.' }],
    },
  ],
  ...{ dependsOn: [], parent: taskId('root') },
  checks: [{ argv: ['npm', 'test'], ok: true }],
  ...{ diffstat: { files: 1, insertions: 2, deletions: 3 }, report: null, followUps: ['More.'], sessionId: 's' },
  ...{ attempts: 1, costUsd: 0.5, workedMs: 100, warnings: ['Run 1: x'] },
  faults: [{ run: 1, attempt: 1, fault: { reason: 'no-changes', detail: 'None.' } }],
  refusals: [{ tool: 'Bash', call: 'npm test', parts: ['npm test'], by: 'rules', said: 'No.', times: 2 }],
  elsewhere: ['The link x leads out.'],
  proposals: [
    {
      name: 'more',
      title: 'More',
      body: 'More.',
      agent: null,
      dependsOn: ['a'],
      touches: ['src/**'],
      verify: ['npm test'],
    },
  ],
  taken: [{ name: 'more', id: taskId('more-2'), by: makeCommandId(1, '00000000-') }],
  worktree: '/repo/.orchestrator/worktrees/add-auth',
  moved: [{ ref: 'refs/heads/main', from: 'a', to: null, checkout: '/repo' }],
};
const fullRecord: RunRecord = {
  version: 1,
  exit: {
    endedAt: 5,
    exitCode: null,
    signal: 'SIGTERM',
    stopped: 'lost',
    endedBy: { kind: 'broken-off', service: { reason: 'usage-limit', detail: 'x', until: 9 } },
    view: {
      ...{ sessionId: 's', model: 'm', progress: { done: 1, total: 2, step: 'x' }, lastText: 'Hm.', answered: true },
      ...{ lastTool: 'Bash npm test', questions: [], proposals: verdict.proposals },
      ...{ openTools: 1, denials: verdict.refusals, apiRetry: 'overloaded (529)', costUsd: 0.5, claimedUsd: 9 },
      noiseLines: 3,
      strayLines: 2,
      failedCommit: { command: 'git commit', said: 'A hook.' },
      ...{ agentVersion: '2.1.330', warnings: ['the MCP server "x" did not start: the agent is without its tools'] },
      usageLimit: { status: 'rejected', resetsAt: 9, kind: 'five_hour' },
      result: {
        ...{ isError: false, subtype: 'success', apiErrorStatus: null, numTurns: 2, costUsd: 0.5, text: 'Did it.' },
        ...{ errors: [] },
        report: {
          status: 'done',
          summary: 'Did it.',
          questions: [],
          options: [],
          followUps: [],
          subtasks: [],
          answers: [],
          dropped: [],
          judgement: null,
        },
      },
    },
    stderrTail: 'oops',
    moved: [{ ref: 'HEAD', from: 'refs/heads/main', to: 'c', checkout: '/repo' }],
  },
  evidence: {
    ...{ tip: 't', commits: 1, dirty: ['a'], diffstat: { files: 1, insertions: 1, deletions: 0 } },
    changesWhatRuns: ['.mcp.json'],
    ...{
      asGiven: ['package-lock.json'],
      ignored: ['out/ (.gitignore:1: out/)'],
      repositories: ['web'],
      elsewhere: ['The link x leads out.'],
    },
    merge: { marked: ['a'], losses: [{ side: 'task/a', path: 'a', line: 'one' }], beside: ['b'] },
    verify: [{ argv: ['npm', 'test'], ok: false, outputTail: 'red' }],
    moved: [],
  },
  outcome: { kind: 'interrupted', detail: 'limit', blame: 'nobody', pause: 'usage-limit', until: 9 },
};

let scratch: ScratchFolder;
beforeEach(() => (scratch = new ScratchFolder()));
afterEach(() => scratch.remove());

function planOf(n: number): RunPlan {
  return {
    version: 1,
    task,
    n,
    purpose: 'work',
    role: null,
    conflict: null,
    attempt: 1,
    freeRestarts: 0,
    cause: { kind: 'first' },
    session: { mode: 'fresh', id: 's' },
    workspace: { kind: 'branch', path: '/w', base: 'b', branch: 'task/add-auth' },
    taskHash: 'h',
    bootId: null,
    plannedAt: 1,
    terms: agreeTerms(defaultSettings, makeSpec(), null, null),
  };
}

test('facts come back as they were written, runs in the order of their numbers', async () => {
  for (const n of [10, 2, 1]) await writePlanFact(scratch.layout, planOf(n));
  await writeRecordFact(scratch.layout, { task, n: 2 }, record);
  await writeVerdictFact(scratch.layout, task, verdict);
  const facts = await readTaskFacts(scratch.layout, task);
  expect(facts.highestRun).toBe(10);
  expect(facts.runs).toEqual([
    { plan: planOf(1), record: null },
    { plan: planOf(2), record },
    { plan: planOf(10), record: null },
  ]);
  expect(facts.verdict).toEqual(verdict);
});

test('facts of before streams and refs were watched are read as if nothing had been seen', async () => {
  const without = (fact: object, ...names: readonly string[]): object =>
    Object.fromEntries(Object.entries(fact).filter(([name]) => !names.includes(name)));
  const { exit, evidence } = fullRecord;
  const old = {
    ...fullRecord,
    exit: { ...without(exit, 'moved'), view: without(exit.view, 'claimedUsd', 'strayLines') },
    evidence: without(evidence ?? {}, 'moved'),
  };
  await writePlanFact(scratch.layout, planOf(1));
  writeFileSync(join(scratch.layout.run({ task, n: 1 }), 'exit.json'), JSON.stringify(old));
  const oldVerdict = JSON.stringify(without(verdict, 'warnings', 'moved', 'dependsOn', 'checks'));
  writeFileSync(join(scratch.layout.taskRuns(task), 'verdict.json'), oldVerdict);
  expect(await readTaskFacts(scratch.layout, task)).toMatchObject({
    damaged: [],
    runs: [{ record: { exit: { moved: [], view: { claimedUsd: 0, strayLines: 0 } }, evidence: { moved: [] } } }],
    verdict: { warnings: [], moved: [], dependsOn: [], checks: [] },
  });
});

test('a task without runs has no facts', async () => {
  expect(await readTaskFacts(scratch.layout, task)).toEqual({
    highestRun: 0,
    runs: [],
    damaged: [],
    verdict: null,
    review: null,
  });
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
    review: null,
  });
});

test('a record with all there is to tell of a run comes back whole', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  await writeRecordFact(scratch.layout, { task, n: 1 }, fullRecord);
  expect((await readTaskFacts(scratch.layout, task)).runs).toEqual([{ plan: planOf(1), record: fullRecord }]);
});

test('facts of earlier boards, which told nothing of how a run started, still open', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  await writeRecordFact(scratch.layout, { task, n: 1 }, fullRecord);
  await writeVerdictFact(scratch.layout, task, verdict);
  const folder = scratch.layout.taskRuns(task);
  for (const file of [join(folder, '1', runFiles.record), join(folder, 'verdict.json')]) {
    const old: unknown = JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) =>
      ['agentVersion', 'warnings'].includes(key) ? undefined : value,
    );
    writeFileSync(file, JSON.stringify(old));
  }
  const facts = await readTaskFacts(scratch.layout, task);
  expect(facts).toMatchObject({ damaged: [], verdict: { ...verdict, warnings: [] } });
  expect(facts.runs[0]?.record?.exit.view).toEqual({ ...fullRecord.exit.view, agentVersion: null, warnings: [] });
});

test('refused calls of which only the tool was kept open, and so does a verdict without any', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  const { exit } = fullRecord;
  const view = { ...exit.view, denials: ['Bash', 'Write'], failedCommit: undefined };
  const folder = scratch.layout.run(planOf(1));
  writeFileSync(join(folder, runFiles.record), JSON.stringify({ ...fullRecord, exit: { ...exit, view } }));
  const old = { ...verdict, faults: undefined, refusals: undefined, worktree: undefined };
  writeFileSync(join(scratch.layout.taskRuns(task), 'verdict.json'), JSON.stringify(old));
  const facts = await readTaskFacts(scratch.layout, task);
  expect(facts).toMatchObject({ damaged: [], verdict: { faults: [], refusals: [], worktree: null } });
  expect(facts.runs[0]?.record?.exit.view).toMatchObject({
    failedCommit: null,
    denials: [
      { tool: 'Bash', call: '', times: 1 },
      { tool: 'Write', call: '', times: 1 },
    ],
  });
});

test.each(['', '{', 'null', '[]', '3', '"text"', '{"version":1}'])(
  'a fact that is %j counts as damaged',
  async (text) => {
    mkdirSync(scratch.layout.run(planOf(1)), { recursive: true });
    const folder = scratch.layout.taskRuns(task);
    writeFileSync(join(folder, '1', runFiles.plan), text);
    writeFileSync(join(folder, '1', runFiles.record), text);
    writeFileSync(join(folder, 'verdict.json'), text);
    const facts = await readTaskFacts(scratch.layout, task);
    expect(facts).toMatchObject({ highestRun: 1, runs: [], verdict: null });
    expect([...facts.damaged].sort()).toEqual(['1/exit.json', '1/plan.json', 'verdict.json']);
    expect(await readVerdictFact(scratch.layout, task)).toBe('damaged');
  },
);

test.each([
  ['a version that never was', { version: 0 }],
  ['a time that is no number', { plannedAt: '2026-01-01' }],
  ['a time that is no date', { plannedAt: 1e300 }],
  ['a number that JSON has not', { plannedAt: Infinity }],
  ['a task that can be no task', { task: '../../etc' }],
  ['a run that can be none', { n: 0 }],
  ['a path that is none', { workspace: { kind: 'branch', path: 7, base: 'b', branch: 'x' } }],
  ['a kind that is not known', { cause: { kind: 'whim' } }],
])('a plan with %s counts as damaged', async (_, change) => {
  mkdirSync(scratch.layout.run(planOf(1)), { recursive: true });
  writeFileSync(
    join(scratch.layout.run(planOf(1)), runFiles.plan),
    JSON.stringify({ ...planOf(1), ...change }).replace('"plannedAt":null', '"plannedAt":1e999'),
  );
  expect((await readTaskFacts(scratch.layout, task)).damaged).toEqual(['1/plan.json']);
});

test('what an agent told of its limit is believed only if it is a time', async () => {
  const { exit } = fullRecord;
  const usageLimit = { status: 'rejected', resetsAt: 1e300, kind: null } as const;
  await writePlanFact(scratch.layout, planOf(1));
  const told: RunRecord = { ...fullRecord, exit: { ...exit, view: { ...exit.view, usageLimit } } };
  await writeRecordFact(scratch.layout, { task, n: 1 }, told);
  const [run] = (await readTaskFacts(scratch.layout, task)).runs;
  expect(run?.record?.exit.view.usageLimit).toEqual({ ...usageLimit, resetsAt: null });
});

test('a fact that a newer version wrote is told apart from damage, and never replaced', async () => {
  await writePlanFact(scratch.layout, planOf(1));
  const folder = scratch.layout.taskRuns(task);
  const paths = [join(folder, '1', runFiles.record), join(folder, 'verdict.json')];
  for (const path of paths) writeFileSync(path, '{"version":2,"news":1}');
  expect(await readVerdictFact(scratch.layout, task)).toBe('newer');
  const newer = /1\/exit\.json was written by a newer branchboard \(version 2\).*Update branchboard/;
  await expect(readTaskFacts(scratch.layout, task)).rejects.toThrow(newer);
  await expect(writeRecordFact(scratch.layout, planOf(1), record)).rejects.toThrow(newer);
  await expect(writeVerdictFact(scratch.layout, task, verdict)).rejects.toThrow('verdict.json was written by a newer');
  for (const path of paths) expect(readFileSync(path, 'utf8')).toBe('{"version":2,"news":1}');
});

test('a review is what its file says, and without one what the verdict of an earlier version says', async () => {
  const [path, older] = ['review.json', 'verdict.json'].map((name) => join(scratch.layout.taskRuns(task), name));
  const read = async () => [
    await readReviewFact(scratch.layout, task),
    (await readTaskFacts(scratch.layout, task)).review,
  ];
  expect(await read()).toEqual([null, null]);
  await writeVerdictFact(scratch.layout, task, verdict);
  const ready = openReview(1);
  expect(await read()).toEqual([ready, ready]);
  writeFileSync(older ?? '', JSON.stringify({ ...verdict, mergedAt: 9 }));
  const merged = { ...ready, state: 'merged', at: 9 } as const;
  expect(await read()).toEqual([merged, merged]);
  expect(await readVerdictFact(scratch.layout, task)).toEqual(verdict);
  writeFileSync(older ?? '', JSON.stringify({ ...verdict, column: 'attention', mergedAt: null }));
  expect(await read()).toEqual([null, null]);

  const comment = { path: 'a.ts', side: 'new', line: 3, quote: 'x', text: 'Why?' } as const;
  const work = { commit: 'c', base: 'b' };
  const said = { round: 3, at: 7, text: 'Keep v1.', comments: [comment], run: 2, work };
  const sentBack = { ...openReview(3, [said]), state: 'sent-back' } as const;
  await writeReviewFact(scratch.layout, task, sentBack);
  expect(await read()).toEqual([sentBack, sentBack]);
  writeFileSync(path ?? '', '{"version":1,"round":1,"state":"merged"}');
  expect(await readReviewFact(scratch.layout, task)).toBe('damaged');
  expect(await readTaskFacts(scratch.layout, task)).toMatchObject({ damaged: ['review.json'], review: null });
  await writeReviewFact(scratch.layout, task, ready);
  expect(readFileSync(`${path ?? ''}.damaged`, 'utf8')).toContain('merged');
  writeFileSync(path ?? '', '{"version":2,"round":1,"state":"merging"}');
  expect(await readReviewFact(scratch.layout, task)).toBe('newer');
  await expect(writeReviewFact(scratch.layout, task, ready)).rejects.toThrow('review.json was written by a newer');
});

test('what can not be understood is kept beside the fact that takes its place', async () => {
  const path = join(scratch.layout.taskRuns(task), 'verdict.json');
  mkdirSync(path, { recursive: true });
  await writeVerdictFact(scratch.layout, task, verdict);
  writeFileSync(path, 'half of');
  await writeVerdictFact(scratch.layout, task, verdict);
  expect(await readVerdictFact(scratch.layout, task)).toEqual(verdict);
  expect(statSync(`${path}.damaged`).isDirectory()).toBe(true);
  expect(readFileSync(`${path}.damaged-2`, 'utf8')).toBe('half of');
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
