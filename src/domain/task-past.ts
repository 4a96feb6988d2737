/** What earlier runs of a task leave for the next one and for its verdict. */
import type { Judgement } from './judgement.ts';
import type { MovedRef } from './moved-ref.ts';
import type { Refusal } from './refusal.ts';
import type { SentBack } from './review.ts';
import type { RunExit, RunPlan, RunRecord } from './run.ts';
import type { AttemptFault, Verdict } from './verdict.ts';
import type { Evidence } from './work-evidence.ts';

/** A run that ended, with the evidence found of it. `exit` is null where no agent was ever started. */
export interface EndedRun {
  readonly plan: RunPlan;
  readonly exit: RunExit | null;
  readonly evidence: Evidence | null;
}

/** A run whose work is done and was looked at: its checks are green, and it can be judged. */
export interface Delivered {
  readonly plan: RunPlan;
  readonly record: RunRecord & { readonly evidence: Evidence };
}

/** The history of a task's earlier runs. */
export interface TaskPast {
  /** The highest run number used. */
  readonly runs: number;
  readonly costUsd: number;
  readonly workedMs: number;
  /** The last run that was planned, whoever worked in it; null before the first. */
  readonly lastRun: number | null;
  /** The plan of its own agent's last run, if that belongs to this incarnation of the task: its branch and worktree are gone on with. */
  readonly lastPlan: RunPlan | null;
  /** The last session that went beyond its start, for resuming. */
  readonly sessionId: string | null;
  /** Its own agent's last run, where that left work that is done; null otherwise. */
  readonly delivered: Delivered | null;
  /** The reviews by agents since the user asked for the work, oldest first. */
  readonly judgements: readonly Judgement[];
  /** Runs in a row, the last among them, that the board or the machine went down with. */
  readonly losses: number;
  /** What the machine could not do for it last, and how often in a row in the same words; null once an agent was on it. */
  readonly stuck: { readonly why: string; readonly times: number } | null;
  /** The run that was under way when the task's text was edited, which it does not see: its number, or null. */
  readonly unseenBy: number | null;
  /** The round of review that begins when it is done. */
  readonly round: number;
  /** See {@link Review}. */
  readonly sentBack: readonly SentBack[];
  /** Warnings about its runs beside how they ended: sentences, at most `maxWarnings`. */
  readonly warnings: readonly string[];
  /** The failures of its attempts since it was started anew, oldest first. */
  readonly faults: readonly AttemptFault[];
  /** Tool calls that its agents were refused, at most `maxDenials`. */
  readonly refusals: readonly Refusal[];
  /** The plan that its last run made and its user accepted, as it was before its children were done or after; null for other tasks. */
  readonly accepted: Verdict | null;
  /** Refs that moved while its agents ran and that are not the task's, at most `maxMovedRefs`. */
  readonly moved: readonly MovedRef[];
}

/** A task without earlier runs. */
export const emptyPast: TaskPast = {
  runs: 0,
  costUsd: 0,
  workedMs: 0,
  lastRun: null,
  lastPlan: null,
  sessionId: null,
  delivered: null,
  judgements: [],
  losses: 0,
  stuck: null,
  unseenBy: null,
  round: 1,
  sentBack: [],
  warnings: [],
  faults: [],
  refusals: [],
  accepted: null,
  moved: [],
};
