import type { MovedRef } from './moved-ref.ts';
import type { TaskId } from './task.ts';
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
  /** When its work was found to be in the base; null before. */
  readonly mergedAt: number | null;
  /** Warnings about its runs beside how they ended: sentences. */
  readonly warnings: readonly string[];
  /** Refs that moved while its agents ran and that are not the task's. */
  readonly moved: readonly MovedRef[];
}

/** A finished task, and the commit that holds its work. */
export interface FinishedWork {
  readonly id: TaskId;
  readonly tip: string;
}
