import type { Verdict } from '../../src/domain/verdict.ts';

/** A verdict for tests: done, with two commits, but for what is given. */
export function makeVerdict(changes: Partial<Verdict>): Verdict {
  return {
    version: 1,
    column: 'done',
    run: 1,
    at: 0,
    title: 'Add authentication',
    agent: 'developer',
    dependsOn: [],
    fault: null,
    question: null,
    summary: 'Added it.',
    branch: 'task/add-auth',
    base: 'b'.repeat(40),
    tip: 'c'.repeat(40),
    commits: 2,
    diffstat: { files: 5, insertions: 120, deletions: 14 },
    verified: true,
    checks: [],
    changesWhatRuns: [],
    nothingToDo: false,
    report: null,
    followUps: [],
    sessionId: null,
    attempts: 1,
    costUsd: 0.42,
    workedMs: 372_000,
    warnings: [],
    faults: [],
    refusals: [],
    elsewhere: [],
    worktree: null,
    moved: [],
    ...changes,
  };
}
