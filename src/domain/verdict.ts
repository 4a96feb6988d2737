import type { MovedRef } from './moved-ref.ts';
import type { Argv, TaskId } from './task.ts';
import type { Diffstat, Fault } from './run.ts';

/** The board's decision about a task when it left `active/`, kept as `runs/TASK/verdict.json`. */
export interface Verdict {
  readonly version: 1;
  /** Where the task's file goes. */
  readonly column: 'attention' | 'done' | 'archive';
  /** The run it follows from; null where none was made. */
  readonly run: number | null;
  readonly at: number;
  readonly title: string;
  readonly agent: string;
  readonly dependsOn: readonly TaskId[];
  readonly fault: Fault | null;
  readonly question: string | null;
  readonly summary: string | null;
  readonly branch: string | null;
  readonly base: string | null;
  /** The commit that holds the task's work; null for a report. */
  readonly tip: string | null;
  readonly commits: number;
  readonly diffstat: Diffstat | null;
  readonly verified: boolean;
  /** The `verify` commands that ran after the last run; one that failed is the last. */
  readonly checks: readonly Check[];
  /** See {@link Evidence.changesWhatRuns}. */
  readonly changesWhatRuns: readonly string[];
  /** The agent said, and nothing shows otherwise, that there was nothing to do. */
  readonly nothingToDo: boolean;
  /** Path of the report, relative to `.orchestrator/`. */
  readonly report: string | null;
  readonly followUps: readonly string[];
  readonly sessionId: string | null;
  readonly attempts: number;
  /** All runs together. */
  readonly costUsd: number;
  /** Milliseconds that agents worked, all runs together. */
  readonly workedMs: number;
  /** Warnings about its runs beside how they ended: sentences. */
  readonly warnings: readonly string[];
  /** Refs that moved while its agents ran and that are not the task's. */
  readonly moved: readonly MovedRef[];
}

/** A `verify` command, and whether it passed. */
export interface Check {
  readonly argv: Argv;
  readonly ok: boolean;
}

/** A finished task, and the commit that holds its work. */
export interface FinishedWork {
  readonly id: TaskId;
  readonly tip: string;
}
