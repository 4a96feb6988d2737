/** A scratch repository in which the task `x` was started, a new one for each test of a file that calls {@link useTask}. */
import { afterEach, beforeEach } from 'vitest';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import type { RunPlan } from '../../../src/domain/run.ts';
import { Scratch, start } from './scratch.ts';

export let scratch: Scratch;
export let worktrees: GitWorktrees;
/** Of the first run. */
export let plan: RunPlan;
/** The worktree. */
export let path: string;

/** Makes it before each test, with these files in the first commit, and removes it afterwards. */
export function useTask(files: Readonly<Record<string, string>>): void {
  beforeEach(async () => {
    scratch = new Scratch();
    scratch.commit(files);
    worktrees = await scratch.worktrees();
    plan = await start(worktrees, 'x');
    ({ path } = plan.workspace);
  });
  afterEach(() => scratch.remove());
}
