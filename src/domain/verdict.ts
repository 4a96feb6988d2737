import { describeComment, describeJudgement, type Judgement } from './judgement.ts';
import type { MovedRef } from './moved-ref.ts';
import type { Proposal, TakenProposal } from './proposal.ts';
import { describeRefusals, type Refusal } from './refusal.ts';
import type { Argv, TaskId } from './task.ts';
import type { Fault, Reason } from './run.ts';
import { nameReason } from './reason-words.ts';
import type { Diffstat } from './work-evidence.ts';

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
  /** As {@link TaskSpec.parent}. */
  readonly parent: TaskId | null;
  /** Why it waits for the user or was put away. Of several attempts that failed the reason that says most. */
  readonly fault: Fault | null;
  /** The failures of its attempts since it was started anew, oldest first. */
  readonly faults: readonly AttemptFault[];
  readonly question: string | null;
  /** Answers to its question that the user may choose from. */
  readonly options: readonly string[];
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
  /** The reviews of the work by agents, oldest first; each names the commit that it is about. */
  readonly judgements: readonly Judgement[];
  /** See {@link Evidence.changesWhatRuns}. */
  readonly changesWhatRuns: readonly string[];
  /** The agent said, and nothing shows otherwise, that there was nothing to do. */
  readonly nothingToDo: boolean;
  /** Path of the report, relative to `.orchestrator/`. */
  readonly report: string | null;
  readonly followUps: readonly string[];
  /** Tasks that its agent proposes beside them, and those of both that were taken in. */
  readonly proposals: readonly Proposal[];
  readonly taken: readonly TakenProposal[];
  readonly sessionId: string | null;
  readonly attempts: number;
  /** All runs together. */
  readonly costUsd: number;
  /** Milliseconds that agents worked, all runs together. */
  readonly workedMs: number;
  /** Warnings about its runs beside how they ended: sentences. */
  readonly warnings: readonly string[];
  /** Tool calls that its agents were refused. */
  readonly refusals: readonly Refusal[];
  /** See {@link Evidence.elsewhere}. */
  readonly elsewhere: readonly string[];
  /** Absolute path of its worktree; null where none was chosen. */
  readonly worktree: string | null;
  /** Refs that moved while its agents ran and that are not the task's. */
  readonly moved: readonly MovedRef[];
}

/** Whether it is a plan that waits for its user, or was taken in: such a task waits for its children then. */
export function isPlan({ column, fault, proposals }: Verdict): boolean {
  return column === 'attention' && fault === null && proposals.length > 0;
}

/** Whether it is a plan whose children are done. */
export function isEndedPlan(verdict: Verdict | null): boolean {
  return verdict?.column === 'done' && childrenOf(verdict).length > 0;
}

/** The tasks that a plan was cut into, which its own stands for. */
export function childrenOf({ report, dependsOn, taken }: Verdict): readonly TaskId[] {
  return report === null ? [] : taken.map(({ id }) => id).filter((id) => dependsOn.includes(id));
}

/** The failure of one attempt. */
export interface AttemptFault {
  readonly run: number;
  readonly attempt: number;
  readonly fault: Fault;
}

/**
 * Sentences to be read beside how a task ended: the failures of its attempts, the reviews by agents, the calls that were refused,
 * and warnings. None repeats what the fault says.
 */
export function describeDoubts({
  fault,
  faults,
  judgements,
  tip,
  refusals,
  elsewhere,
  warnings,
}: Verdict): readonly string[] {
  const told = fault?.detail ?? '';
  const attempts = faults.map(
    ({ attempt, fault: { reason, detail } }) =>
      `Attempt ${String(attempt)}: ${nameReason(reason)}${detail === told ? ', as above.' : `: ${detail}`}`,
  );
  const areAlike = fault === null || faults.every(({ fault: { detail } }) => detail === told);
  const refused = describeRefusals(refusals).filter((text) => !told.includes(text.slice(text.indexOf(': '))));
  const said = judgements.flatMap((each) => [
    `${each.commit === tip ? '' : 'Of an earlier commit: '}${describeJudgement(each)}`,
    ...each.comments.map(describeComment),
  ]);
  return [...(areAlike ? [] : attempts), ...said, ...refused, ...elsewhere, ...warnings];
}

/** Failures whose work is in the worktree and not yet on the branch. */
const unfinished: readonly Reason[] = ['uncommitted', 'commit-failed', 'permission-denied', 'no-changes'];

/**
 * How a user can finish what a task left in its worktree, and how the task can; null where that is not what is missing.
 * What is to be typed stands in backticks.
 */
export function describeWaysOn(id: string, verdict: Verdict): string | null {
  const { column, fault, worktree } = verdict;
  if (column !== 'attention' || worktree === null || fault === null || !unfinished.includes(fault.reason)) return null;
  return `Its files are in its worktree, ${worktree}. Two ways on: commit there what belongs to the task, and \`branchboard hand-back ${id}\`; or \`branchboard retry ${id}\`.`;
}

/** A `verify` command, and whether it passed. */
export interface Check {
  readonly argv: Argv;
  readonly ok: boolean;
}

/** Whether what a task left is commits on a branch, which can be merged: no report, and not the word that there was nothing to do. */
export function leftCommits({ branch, report, nothingToDo }: Verdict): boolean {
  return branch !== null && report === null && !nothingToDo;
}

/** The work of a task on a branch: where it began, and the commit that it is at. */
export interface BranchWork {
  readonly id: TaskId;
  readonly branch: string;
  readonly base: string;
  readonly tip: string;
}

/** The branch of a task's work, and the commit that it is at. */
export type WorkBranch = Omit<BranchWork, 'base'>;

/** A finished task, and the commit that holds its work. */
export interface FinishedWork {
  readonly id: TaskId;
  readonly tip: string;
  /** Null where it is on none. */
  readonly branch: string | null;
  /** The commit that it began at; null where that is not known. */
  readonly base: string | null;
}
