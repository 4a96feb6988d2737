/**
 * A run: one attempt of one task by one agent process, and the facts about it that are kept in `runs/TASK/N/`.
 *
 *   plan.json ──► claim ──► stream.jsonl, stderr.log ──► exit.json
 *   what it is    who runs   what the agent prints        how it ended, and what was found
 */
import type { BaseConflict, NamedLoss } from './base-conflict.ts';
import type { UsageLimit } from './account-limit.ts';
import type { AgentQuestion } from './agent-question.ts';
import type { JudgeComment } from './judgement.ts';
import type { MovedRef } from './moved-ref.ts';
import type { AgentResult } from './agent-report.ts';
import type { Proposal } from './proposal.ts';
import type { Refusal } from './refusal.ts';
import type { RunTerms } from './run-terms.ts';
import type { RunPurpose } from './run-purpose.ts';
import { parseTaskId, type TaskId } from './task.ts';
import type { Evidence } from './work-evidence.ts';

/** Why a task needs its user, or why a run failed: stable words that scripts may rely on. */
export const reasons = [
  'agent-error',
  'no-result',
  'no-changes',
  'uncommitted',
  'commit-failed',
  'permission-denied',
  'verify-failed',
  'stalled',
  'timeout',
  'max-turns',
  'budget',
  'output-limit',
  'setup-failed',
  'dependency-conflict',
  'merge-conflict',
  'dependency-cycle',
  'question',
  'spawn-failed',
  'interrupted',
  'stopped',
  'taken',
] as const;
/** One of {@link reasons}. */
export type Reason = (typeof reasons)[number];

/** A failure: a stable word, and a sentence or more for the person who reads it. */
export interface Fault {
  readonly reason: Reason;
  readonly detail: string;
}

/** Why a run is made: what its prompt must tell the agent beyond the task itself. */
export type RunCause =
  | { readonly kind: 'first' }
  /** The board's own retry. */
  | { readonly kind: 'failed'; readonly fault: Fault }
  /** The user's retry after the board gave up. */
  | { readonly kind: 'retried'; readonly fault: Fault | null }
  /** The board stopped, the machine went down, a limit was reached: no fault of the task's. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'answered'; readonly question: string; readonly answer: string }
  /** The user reviewed the work and wants it different; the review says how. */
  | { readonly kind: 'sent-back' }
  /** Its author's work is to be judged. */
  | { readonly kind: 'judging' }
  /** An agent judged the work and wants it different. */
  | { readonly kind: 'judged'; readonly summary: string; readonly comments: readonly JudgeComment[] };

/** The agent's conversation: a new one under an id chosen beforehand, or an earlier one gone on with. */
export type Session =
  { readonly mode: 'fresh'; readonly id: string } | { readonly mode: 'resume'; readonly id: string };

/** Where the agent works. A role that only reads gets a checkout without a branch. */
export type Workspace =
  | { readonly kind: 'branch'; readonly path: string; readonly base: string; readonly branch: string }
  | { readonly kind: 'detached'; readonly path: string; readonly base: string };

/** Names one run of one task. */
export interface RunId {
  readonly task: TaskId;
  /** 1 for a task's first run. */
  readonly n: number;
}

/** The plan of a run, written before anything of it happens. */
export interface RunPlan extends RunId {
  readonly version: 1;
  /** What its end is judged by. The task's file may name another role by then. */
  readonly purpose: RunPurpose;
  /** The role's name; null in plans from before it was kept: the task's file says it. */
  readonly role: string | null;
  /** Of a run that integrates: the conflict, whose commit its workspace begins at. Null for all others. */
  readonly conflict: BaseConflict | null;
  /** 1 for the first attempt; a run that was interrupted shares its number with the next. */
  readonly attempt: number;
  /** Runs in a row, before this one, that cost no attempt. */
  readonly freeRestarts: number;
  readonly cause: RunCause;
  readonly session: Session;
  readonly workspace: Workspace;
  /** SHA-256 of the user's text in the task's file as it was read for this run, in hex. */
  readonly taskHash: string;
  /** The machine's boot id, or null where it has none. */
  readonly bootId: string | null;
  /** Milliseconds since the epoch. */
  readonly plannedAt: number;
  /** Null in plans from before terms were kept: the settings count as they are. */
  readonly terms: RunTerms | null;
}

/** Formats a run's id as it stands in folders and in the `BRANCHBOARD_RUN` variable: `TASK/N`. */
export function formatRunId(run: RunId): string {
  return `${run.task}/${String(run.n)}`;
}

/** A run's name among all that the board ever had: a later task of the same id has runs of the same numbers. */
export function nameRun(run: RunId, plannedAt: number): string {
  return `${formatRunId(run)} ${String(plannedAt)}`;
}

/** Reads what {@link formatRunId} wrote; null where it is something else. */
export function parseRunId(text: string): RunId | null {
  const [, name = '', n = ''] = /^([^/]+)\/([1-9]\d{0,5})$/.exec(text) ?? [];
  const task = parseTaskId(name);
  return task === undefined ? null : { task, n: Number(n) };
}

/** The agent's progress by its own list of steps. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly step: string | null;
}

/** A command line that was to make a commit and made none: a hook refused it, it could not be signed, or the like. */
export interface FailedCommit {
  readonly command: string;
  /** The end of what it printed, bounded by `maxTailChars`. */
  readonly said: string;
}

/** The state of a run as its stream shows it so far. */
export interface RunView {
  readonly sessionId: string | null;
  readonly model: string | null;
  /** The version of the agent's program, such as `2.1.330`; null where it told none. */
  readonly agentVersion: string | null;
  /** Warnings of the agent's start: what it could not load or was refused, in sentences; at most `maxRunWarnings`. */
  readonly warnings: readonly string[];
  readonly progress: Progress | null;
  /** The last thing the agent said, bounded by `maxTailChars`. */
  readonly lastText: string | null;
  /** The last tool call in words, such as `Bash npm test`; null before the first. */
  readonly lastTool: string | null;
  /** The model itself has answered in this run; what Claude Code says in its place (an error, a limit) does not count. */
  readonly answered: boolean;
  /** Tool calls that have begun and not ended. */
  readonly openTools: number;
  /** What it asks the user and waits for, at most `maxQuestions`. */
  readonly questions: readonly AgentQuestion[];
  /** Tasks that it proposed by its tool, at most `maxSubtasks`. */
  readonly proposals: readonly Proposal[];
  /** Tool calls that it was refused, at most `maxDenials`. */
  readonly denials: readonly Refusal[];
  /** The last command line that was to make a commit, where it made none. */
  readonly failedCommit: FailedCommit | null;
  readonly usageLimit: UsageLimit | null;
  /** The last error of the API that the agent is retrying after, such as `overloaded (529)`; null when none. */
  readonly apiRetry: string | null;
  /** The run's cost in US dollars: the highest figure of its own lines that can be true. */
  readonly costUsd: number;
  /** The highest cost that its own lines tell, however absurd. */
  readonly claimedUsd: number;
  readonly result: AgentResult | null;
  /** Lines that were no JSON objects or too long. */
  readonly noiseLines: number;
  /** Lines that this run's agent can't have written: of another session, or a second result. None of them counts. */
  readonly strayLines: number;
}

/** A run of which nothing was heard yet. */
export const emptyRunView: RunView = {
  sessionId: null,
  model: null,
  agentVersion: null,
  warnings: [],
  progress: null,
  lastText: null,
  lastTool: null,
  answered: false,
  openTools: 0,
  questions: [],
  proposals: [],
  denials: [],
  failedCommit: null,
  usageLimit: null,
  apiRetry: null,
  costUsd: 0,
  claimedUsd: 0,
  result: null,
  noiseLines: 0,
  strayLines: 0,
};

/** Why the board ended an agent. */
export type StopCause = 'timeout' | 'stalled' | 'lingering' | 'output-limit' | 'cancelled' | 'requeued' | 'shutdown';

/**
 * The reason why an agent is gone though it did not end by itself: a `lost` one was gone when a board came back, and no
 * board had stopped it.
 */
export type EndCause = StopCause | 'lost';

/** The hold that a service or an account asks for. */
export interface ServiceFault {
  readonly reason: PauseReason;
  readonly detail: string;
  /** When it is over, as the service said, in milliseconds since the epoch; null where it did not. */
  readonly until: number | null;
}

/** What ended an agent, by all that it said; its driver reads that out of its words. */
export type EndedBy =
  /** Itself: it succeeded or failed, as its result says. */
  | { readonly kind: 'ended' }
  /** Something else, in its middle: it has no result of its own. `service` is what it waited for then. */
  | { readonly kind: 'broken-off'; readonly service: ServiceFault | null }
  /** The session that was to be gone on with is not there. */
  | { readonly kind: 'session-lost' }
  | { readonly kind: 'limit'; readonly reason: 'max-turns' | 'budget' }
  | { readonly kind: 'service'; readonly service: ServiceFault };

/** The end of a run, as the operating system and the stream show it. */
export interface RunExit {
  readonly endedAt: number;
  /** Null where a signal ended it, or where no board saw it end. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Null where it ended by itself. */
  readonly stopped: EndCause | null;
  readonly endedBy: EndedBy;
  readonly view: RunView;
  /** The end of stderr, bounded by `maxTailChars`. */
  readonly stderrTail: string;
  /** Refs that moved while the agent ran and that are not the task's. */
  readonly moved: readonly MovedRef[];
}

/** The meaning of a run's end for its task. */
export type Outcome =
  | { readonly kind: 'done'; readonly summary: string }
  /** A role that only reads left its report; `report` is that text. */
  | { readonly kind: 'reported'; readonly summary: string; readonly report: string }
  /** Another's work was judged. */
  | {
      readonly kind: 'judged';
      readonly approves: boolean;
      readonly summary: string;
      readonly comments: readonly JudgeComment[];
    }
  /** A conflict of what the task builds on was resolved, in the commit `tip`; `named` is what of the sides is not in there as it was. */
  | {
      readonly kind: 'integrated';
      readonly summary: string;
      readonly tip: string;
      readonly named: readonly NamedLoss[];
    }
  | {
      readonly kind: 'question';
      readonly question: string;
      /** Answers to choose from. */
      readonly options: readonly string[];
      readonly summary: string;
    }
  | { readonly kind: 'failed'; readonly fault: Fault }
  /**
   * Not the task's fault, and charged to no attempt. `pause` is what the board must wait for, if anything; without one
   * this task alone waits `until` then.
   */
  | {
      readonly kind: 'interrupted';
      readonly detail: string;
      readonly blame: Blame;
      readonly pause: PauseReason | null;
      readonly until: number | null;
    }
  | { readonly kind: 'cancelled' };

/**
 * The cause of an interruption, which bounds how often in a row it may happen: `nobody` without bound (the user, a
 * usage limit, a full disk), the `service` `maxFreeRestarts` times (overload, lost connections), a `loss` `maxLosses`
 * times (the board or the machine went down while it ran, perhaps because of it).
 */
export type Blame = 'nobody' | 'service' | 'loss';

/** Why the board makes no new starts. */
export type PauseReason =
  'user' | 'usage-limit' | 'overload' | 'connection' | 'auth' | 'credit' | 'no-agent' | 'budget' | 'disk-full';

/** The fact about a run's end, kept as `exit.json`. */
export interface RunRecord {
  readonly version: 1;
  readonly exit: RunExit;
  readonly evidence: Evidence | null;
  readonly outcome: Outcome;
}
