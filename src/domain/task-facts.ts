/** The facts of a task in `runs/TASK/`, as the board read them. */
import type { Review } from './review.ts';
import type { RunPlan, RunRecord } from './run.ts';
import { isAuthors } from './run-purpose.ts';
import type { TaskId, TaskSpec } from './task.ts';
import type { Verdict } from './verdict.ts';

/** The verdict's file in a task's folder. */
export const verdictName = 'verdict.json';

/** Why a fact that is on disk is not known: it can't be understood, or a newer version of the board wrote it. */
export type UnreadableFact = 'damaged' | 'newer';

/** Whether this is why a fact is not known, and not the fact itself. */
export function isUnreadable(fact: object | UnreadableFact | null): fact is UnreadableFact {
  return typeof fact === 'string';
}

/** A run with what was recorded of it. */
export interface RunFacts {
  readonly plan: RunPlan;
  readonly record: RunRecord | null;
}

/** The last run of the task's own agent: its workspace and session are the task's. Undefined where there is none. */
export function findOwnRun({ runs }: Pick<TaskFacts, 'runs'>): RunFacts | undefined {
  return runs.findLast(({ plan }) => isAuthors(plan));
}

/** All facts of one task. */
export interface TaskFacts {
  /** The highest run number that has a folder, with or without facts. */
  readonly highestRun: number;
  /** Runs whose plan could be read, oldest first. */
  readonly runs: readonly RunFacts[];
  /** Facts that are there and can't be understood, such as `2/exit.json`: they count as missing. */
  readonly damaged: readonly string[];
  readonly verdict: Verdict | null;
  readonly review: Review | null;
}

/** Of a task whose verdict can't be read: which file it is, what is wrong, and what can be done. */
export interface VerdictProblem {
  /** Relative to the repository. */
  readonly path: string;
  /** What is wrong with it, after its name. */
  readonly what: string;
  readonly advice: string;
  /** Ready to type. */
  readonly commands: readonly string[];
}

/** Explains why a task's verdict is not known. */
export function explainUnreadable(id: TaskId, why: UnreadableFact): VerdictProblem {
  const path = `.orchestrator/runs/${id}/${verdictName}`;
  return why === 'newer'
    ? {
        path,
        what: 'was written by a newer branchboard',
        advice: 'Update branchboard: this version leaves the file as it is.',
        commands: [`branchboard show ${id}`],
      }
    : {
        path,
        what: "can't be understood",
        advice: `Run the task again, or move the file away: the task then counts as done with the work that refs/branchboard/done/${id} names.`,
        commands: [`branchboard retry ${id}`, `mv ${path} ${path}.damaged`],
      };
}

/** Those of a task that never ran. */
export const noFacts: TaskFacts = { highestRun: 0, runs: [], damaged: [], verdict: null, review: null };

/** What reading a finished task's verdict led to. */
export type ReadVerdict =
  | { readonly kind: 'known'; readonly verdict: Verdict; readonly review: Review | UnreadableFact | null }
  /** A newer version of the board wrote it. */
  | { readonly kind: 'newer' }
  /** The task's file and its other facts may tell the same. `spec` is null where the file can't be read. */
  | { readonly kind: 'missing' | 'damaged'; readonly spec: TaskSpec | null; readonly facts: TaskFacts };
