/** Board data for the tests of what commands print. */
import type { BoardData, TaskData } from '../../src/views/board-data.ts';

/** A queued task that waits for nothing. */
export function taskData(changes: Partial<TaskData> & Pick<TaskData, 'id'>): TaskData {
  return {
    title: `Title of ${changes.id}`,
    agent: 'developer',
    column: 'queued',
    priority: 'normal',
    dependsOn: [],
    waitingFor: [],
    asksFor: [],
    granted: [],
    origin: 'dropped',
    stage: null,
    resumes: false,
    edited: false,
    attempt: 1,
    branch: null,
    base: null,
    commits: 0,
    diffstat: null,
    checks: [],
    judgements: [],
    reason: null,
    question: null,
    options: [],
    summary: null,
    progress: null,
    lastTool: null,
    sessionId: null,
    costUsd: 0,
    startedAt: null,
    finishedAt: null,
    mergedAt: null,
    review: null,
    commands: [],
    ...changes,
  };
}

/** A board that runs. */
export function boardData(tasks: readonly TaskData[], changes: Partial<BoardData> = {}): BoardData {
  const daemon = { running: true, pid: 7 };
  const quiet = { sandbox: 'on', paused: null, costTodayUsd: 0, omitted: 0, problems: [], omittedProblems: 0 } as const;
  return { version: 2, needsYou: 0, revision: 1, repo: '/repo', daemon, ...quiet, tasks, ...changes };
}
