/**
 * The dashboard as plain data: the views make it from the board, `renderDashboard` prints it. Times are ready to read
 * (`14:32`); text is raw, and the printer escapes it.
 */
import type { Box } from '../domain/command.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import type { Diffstat } from '../domain/work-evidence.ts';

/** The rows of a section that are shown, and how many more there are. */
export interface Listed<Row> {
  readonly rows: readonly Row[];
  readonly omitted: number;
}

/** Lists the first `maxDashboardRows` rows and counts the rest. */
export function listRows<Row>(rows: readonly Row[]): Listed<Row> {
  const shown = rows.slice(0, limits.maxDashboardRows);
  return { rows: shown, omitted: rows.length - shown.length };
}

/** Whether new runs start, and why not. */
export type BoardStatus =
  | { readonly kind: 'running' }
  /** `reason` says why in words; `until` is a local time such as `16:00`, or null where none is known. */
  | { readonly kind: 'paused'; readonly reason: string; readonly until: string | null }
  /** `fault` says what ended the board where nobody had asked for its end. */
  | { readonly kind: 'stopped'; readonly fault: string | null };

/** The line below the title, and messages about the whole board. */
export interface DashboardHead {
  /** The repository's name. */
  readonly repo: string;
  readonly status: BoardStatus;
  /** Tasks, and files of the inbox, that need the user. */
  readonly needYou: number;
  readonly toReview: number;
  readonly slotsUsed: number;
  readonly slotsTotal: number;
  readonly waiting: number;
  readonly costTodayUsd: number;
  /** Local day and time, such as `2026-11-27 14:32:05`. */
  readonly updated: string;
  /** Such as `Built-in scripted agent: no model is called`, or null. */
  readonly banner: string | null;
  /** Sentences the user should read, such as a login that is missing. */
  readonly warnings: readonly string[];
  /** Errors of `config.yaml`; the last correct settings stay in force. */
  readonly settingsProblems: readonly Diagnostic[];
}

/** The beginning of every entry about a task. */
export interface TaskLabel {
  readonly id: string;
  readonly title: string;
}

/** The word in the Status column. */
export type StatusWord = 'ACTIVE' | 'QUEUED' | 'WAITING' | 'PAUSED' | 'ATTENTION' | 'READY';

/** A row of Quick Status. `progress` is short text; what stands in backticks is shown as code. */
export interface StatusRow extends TaskLabel {
  readonly agent: string;
  readonly status: StatusWord;
  readonly progress: string;
}

/** A file of the board for a link: its path is relative to `.orchestrator/`, where the dashboard is. */
export interface FileLink {
  readonly words: string;
  readonly path: string;
}

/** A task of several that share one entry. */
export interface MemberEntry extends TaskLabel {
  readonly links: readonly FileLink[];
  readonly boxes: readonly Box[];
  readonly outcomes: readonly BoxOutcome[];
}

/** A task that only the user can settle, or several that wait for each other. */
export interface AttentionEntry extends TaskLabel {
  /** Empty for one task; else all of them, each with its links and boxes. */
  readonly members: readonly MemberEntry[];
  /** Such as `has a question` or `failed twice: its checks failed`. */
  readonly headline: string;
  /** Why: lines, shown as a quotation; null where there is none. */
  readonly detail: string | null;
  /** The end of what a failed check printed, or null. */
  readonly output: string | null;
  /** The agent's question, or null. */
  readonly question: string | null;
  /** Tasks that wait for it. */
  readonly waitedForBy: number;
  readonly branch: string | null;
  readonly links: readonly FileLink[];
  /** What the user should know of its runs: sentences; what stands in backticks is shown as code. */
  readonly warnings: readonly string[];
  /** What its agent cuts the task into, where it is a plan. */
  readonly plan?: Plan | null;
  /** As in {@link ReadyEntry}. */
  readonly takenIn: readonly string[];
  readonly boxes: readonly Box[];
  readonly outcomes: readonly BoxOutcome[];
  /** Commands that show more of it or go on from here, and that no box asks. */
  readonly commands: readonly string[];
}

/** What became of a box that the user ticked. */
export interface BoxOutcome {
  /** Such as `14:02`. */
  readonly time: string;
  /** The box's words. */
  readonly label: string;
  readonly id: string;
  /** Sentences; what stands in backticks is shown as code. */
  readonly said: string;
}

/** The subtasks of a plan, in their order. */
export interface Plan {
  /** What stands in backticks is shown as code. */
  readonly subtasks: readonly string[];
  /** In Mermaid, by their numbers: no text of others. */
  readonly graph: string;
}

/** The work of a finished task, for review. */
export type ReadyWork =
  | {
      readonly kind: 'branch';
      readonly branch: string;
      /** Where the work would be merged, such as `main`. */
      readonly baseBranch: string;
      readonly commits: number;
      readonly diffstat: Diffstat | null;
    }
  /** The path is relative to `.orchestrator/`, where the dashboard is. */
  | { readonly kind: 'report'; readonly path: string }
  /** The agent's word that there was nothing to do. */
  | { readonly kind: 'nothing-to-do' };

/** A finished task whose work waits for the user. */
export interface ReadyEntry extends TaskLabel {
  readonly work: ReadyWork;
  /** Whether `verify` commands ran and were green; a task with none says so. */
  readonly verify: 'passed' | 'none';
  readonly workedMs: number;
  readonly costUsd: number;
  readonly summary: string | null;
  /** Changed files that decide what runs for whoever merges them. */
  readonly changesWhatRuns: readonly string[];
  /** What the user should know of its runs: sentences; what stands in backticks is shown as code. */
  readonly warnings: readonly string[];
  /** How its pull request stands, in a sentence; null where it has none. */
  readonly pull: string | null;
  /** The command that shows the work, and the one that takes it over; null for one without a branch. */
  readonly review: { readonly look: string; readonly take: string } | null;
  readonly links: readonly FileLink[];
  readonly boxes: readonly Box[];
  readonly outcomes: readonly BoxOutcome[];
  /** What its agent proposed and what became a task: sentences. */
  readonly takenIn: readonly string[];
}

/** A note of the user's to an agent. */
export interface NoteLine {
  readonly text: string;
  /** Such as `read 14:02`. */
  readonly state: string;
}

/** A task that an agent is on. */
export interface ActiveEntry extends TaskLabel {
  readonly agent: string;
  readonly attempt: number;
  /** The first characters of the session's id, or null before it is known. */
  readonly session: string | null;
  /** Local time and time since then, such as `14:26, 6 min ago`, or null before the agent runs. */
  readonly started: string | null;
  /** The last tool call, such as `Bash npm test`, or null. */
  readonly lastTool: string | null;
  readonly links: readonly FileLink[];
  readonly outcomes: readonly BoxOutcome[];
  /** Null for a role that only reads. */
  readonly branch: string | null;
  /** The branches whose work it contains. */
  readonly onBranches: readonly string[];
  readonly step: { readonly text: string; readonly done: number; readonly total: number } | null;
  /** The board's own work on the task, such as `making the worktree` or `being stopped`, or null. */
  readonly note: string | null;
  /** Warnings of the run's start. */
  readonly warnings: readonly string[];
  readonly recentOutput: string | null;
  /** The user's notes to it, the newest last, each with whether it was told. */
  readonly notes: readonly NoteLine[];
  /** Rights beyond the settings that the user granted it. */
  readonly granted: readonly string[];
  /** The command that follows its output. */
  readonly follow: string;
}

/** A queued task. `why` says what it waits for; what stands in backticks is shown as code. */
export interface PendingEntry extends TaskLabel {
  readonly why: string;
  readonly boxes: readonly Box[];
  readonly outcomes: readonly BoxOutcome[];
}

/** A task that was finished today. */
export interface CompletedEntry extends TaskLabel {
  readonly agent: string;
  /** Such as `merged 13:58`. */
  readonly how: string;
  readonly workedMs: number;
  readonly costUsd: number;
}

/** A warning about a task's file that keeps the task from nothing. */
export interface WarningEntry extends TaskLabel {
  readonly warning: Diagnostic;
}

/** The dashboard without the user's notes. */
export interface DashboardModel {
  readonly head: DashboardHead;
  /** Whether the board never had a task; the dashboard then says how to begin. */
  readonly isNew: boolean;
  readonly quickStatus: Listed<StatusRow>;
  /** About files of the inbox that can't be accepted; shown under Needs You. */
  readonly inboxProblems: Listed<Diagnostic>;
  readonly needsYou: Listed<AttentionEntry>;
  /** Lines of User Notes that are addressed to a task that is not there: sentences; shown under Needs You. */
  readonly strayNotes: Listed<string>;
  /** Of boxes whose task has no entry any more. */
  readonly boxOutcomes: readonly BoxOutcome[];
  readonly taskWarnings: Listed<WarningEntry>;
  readonly ready: Listed<ReadyEntry>;
  readonly active: Listed<ActiveEntry>;
  readonly pending: Listed<PendingEntry>;
  readonly completedToday: Listed<CompletedEntry>;
}
