/**
 * Commands: everything that a user asks of the board, whichever way it comes. One that is asked is a fact in `commands/`
 * until it is settled; a file that the user moves is one as well, and is carried out already when the board meets it.
 */
import { readAcceptWords, type SaidToProposal } from './accept-words.ts';
import { limits } from './limits.ts';
import type { MergeWay } from './merge-request.ts';
import type { PrCommand } from './pull-request.ts';
import type { Column, Priority, TaskId } from './task.ts';

declare const brand: unique symbol;

/** A command's id: when it was asked and a random part, so that ids sort by age. Checked by {@link parseCommandId}. */
export type CommandId = string & { readonly [brand]: 'CommandId' };

/** Puts a task's file into another column. */
export type MoveKind = 'retry' | 'requeue' | 'cancel' | 'put-aside' | 'finish';

/** The column into which each of them puts it. */
export const targetColumns: Readonly<Record<MoveKind, Column>> = {
  retry: 'queued',
  requeue: 'queued',
  cancel: 'archive',
  'put-aside': 'attention',
  finish: 'done',
};

/** A command about one task. */
export type TaskCommand =
  | { readonly kind: MoveKind; readonly task: TaskId }
  /** Queues a task that is not done again with what the user says to it: an answer, or what is to be different. `text` is at most `maxSaidChars`. */
  | { readonly kind: 'tell'; readonly task: TaskId; readonly text: string }
  | AnswerCommand
  | ChooseCommand
  | SendBackCommand
  | RestackCommand
  | PrCommand
  /** Tells the task's agent while it works, or at its next start. `text` is at most `maxNoteChars`. */
  | { readonly kind: 'note'; readonly task: TaskId; readonly text: string }
  | { readonly kind: 'set-priority'; readonly task: TaskId; readonly priority: Priority }
  | { readonly kind: 'add-dependency'; readonly task: TaskId; readonly on: TaskId }
  /** Makes a task's worktree again where it is gone, so that the user can look at its work there. */
  | { readonly kind: 'open'; readonly task: TaskId }
  /** Ends a task's agent, and leaves its session and its worktree to the user, until they hand it back or queue it again. */
  | { readonly kind: 'take'; readonly task: TaskId }
  /** Has what stands in the worktree of a task that waits checked as after a run, since the user says that it is done. */
  | { readonly kind: 'hand-back'; readonly task: TaskId }
  | MergeCommand
  | DiscardCommand
  | AcceptCommand;

/** Answers what an agent at work waits for. */
export interface AnswerCommand {
  readonly kind: 'answer';
  readonly task: TaskId;
  /** Null for all that it waits for. */
  readonly question: string | null;
  /** At most `maxNoteChars`. */
  readonly text: string;
}

/** Answers a task's question by one of the answers that it offers. */
export interface ChooseCommand {
  readonly kind: 'choose';
  readonly task: TaskId;
  /** Null for the one that its last run ended with. */
  readonly question: string | null;
  /** Counted from 1. */
  readonly option: number;
}

/** Has the author of a task that is done go on with it, and tells what is wrong. */
export interface SendBackCommand {
  readonly kind: 'send-back';
  readonly task: TaskId;
  /** The commit that the user saw; null where the task left none. */
  readonly commit: string | null;
  /** At most `maxSaidChars`. */
  readonly text: string;
}

/** Makes the work of a task that is done again on what it builds on now. */
export interface RestackCommand {
  readonly kind: 'restack';
  readonly task: TaskId;
  /** The commit that the user saw. */
  readonly commit: string;
}

/** Puts the work of a task that is done into the branch that tasks start from. */
export interface MergeCommand {
  readonly kind: 'merge';
  readonly task: TaskId;
  /** The commit that the user saw. */
  readonly commit: string;
  /** The branch that they saw it would go into; null is the one that the settings name when it is carried out. */
  readonly target: string | null;
  readonly way: MergeWay;
  /** The user knows that the work changes what runs, such as hooks and settings of agents. */
  readonly whatRuns: boolean;
}

/** Puts the work of a task that is done away, with its branch; its commit is kept. */
export interface DiscardCommand {
  readonly kind: 'discard';
  readonly task: TaskId;
  /** The commit that the user saw. */
  readonly commit: string;
}

/** Takes in what a task's agent proposes, as files of the inbox. */
export interface AcceptCommand {
  readonly kind: 'accept';
  readonly task: TaskId;
  /** Names or numbers of the proposals that are meant; none for all that were not taken in. */
  readonly only: readonly string[];
  /** Those of them that are left out. */
  readonly without: readonly string[];
  /** Words of the user's that are added to the texts of some. */
  readonly said: readonly SaidToProposal[];
}

/** A command to the whole board. */
export type BoardCommand =
  | { readonly kind: 'pause' | 'resume' }
  /** `pid` is the process that is meant; a later board does not end for it. */
  | { readonly kind: 'stop'; readonly pid: number };

/** See the file's head. */
export type Command = TaskCommand | BoardCommand;

/** What it takes to ask for something: `run` is for whoever reaches the board, `decide` for its user alone. */
export type CommandRight = 'run' | 'decide';

/** The right that each kind takes. To look at the board takes none. */
export const commandRights: Readonly<Record<Command['kind'], CommandRight>> = {
  ...{ retry: 'run', requeue: 'run', cancel: 'run', 'put-aside': 'run' },
  ...{ finish: 'decide', tell: 'decide', answer: 'decide', choose: 'decide', 'send-back': 'decide', note: 'decide' },
  ...{ merge: 'decide', discard: 'decide', restack: 'decide', pr: 'decide', accept: 'decide' },
  ...{ open: 'decide', take: 'decide', 'hand-back': 'decide' },
  ...{ 'set-priority': 'run', 'add-dependency': 'run', pause: 'run', resume: 'run', stop: 'run' },
};

/** Where a command came from. */
export type Way = 'file-move' | (typeof askingWays)[number];

/** The ways by which a command comes as a fact, and not as a move that was made; `auto` is what the settings or a task's file ask for beforehand. */
export const askingWays = ['cli', 'dashboard', 'mcp', 'web', 'auto'] as const;

/** What the asker saw of the task. A command counts only as long as that holds. */
export interface Seen {
  readonly column: Column;
  /** The number of the task's last run; null where it is not known. */
  readonly run: number | null;
}

/** A ticked box of the dashboard: the command that it asks for, and how the task stood when the board offered it. */
export interface Tick {
  readonly kind: BoxKind;
  readonly task: TaskId;
  readonly seen: Seen;
  /** The commit that the box names, of one that is about a task's work. */
  readonly commit?: string;
  /** The branch that the box names, of one that merges. */
  readonly target?: string;
  /** Of one that answers an agent at work: the question. */
  readonly question?: string;
  /** Of one that chooses an answer, or takes a proposal in: which, counted from 1. */
  readonly option?: number;
  /** Of one with a place for words that was ticked: what the user typed. */
  readonly text?: string;
}

/** A box that the dashboard offers. */
export interface Box extends Tick {
  /** Such as `Try again`. */
  readonly label: string;
}

/** The kinds of commands that have a box. */
export type BoxKind = (typeof boxKinds)[number];

/** All of them. */
export const boxKinds = [
  'retry',
  'tell',
  'answer',
  'choose',
  'cancel',
  'accept',
  'merge',
  'restack',
  'send-back',
  'discard',
  'hand-back',
] as const satisfies readonly TaskCommand['kind'][];

/** Those whose box has a place for what the user says. */
export const tellingKinds = ['tell', 'answer', 'send-back', 'accept'] as const satisfies readonly BoxKind[];

/** Whether the box of a kind has a place for words. */
export function isTelling(kind: BoxKind): kind is (typeof tellingKinds)[number] {
  return tellingKinds.some((each) => each === kind);
}

/** A command with who asked it, and when: `commands/ID.json`. */
export interface CommandRequest {
  readonly version: 1;
  readonly id: CommandId;
  readonly by: (typeof askingWays)[number];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Null for one about the board, or about a task that was not known. */
  readonly seen: Seen | null;
  readonly command: Command;
}

/** The outcome of a command, in a sentence, with what to type next where it was refused. */
export type CommandAnswer =
  | { readonly kind: 'done'; readonly said: string }
  | { readonly kind: 'refused'; readonly why: Refusal; readonly said: string; readonly hint: string | null };

/** A command that is settled, as the history tells it. */
export interface SettledCommand {
  /** Null where it is of a kind that this version does not know. */
  readonly command: Command | null;
  readonly answer: CommandAnswer;
}

/** The outcome of a ticked box, for the dashboard. */
export type BoxAnswer = Omit<SettledCommand, 'command'> & { readonly at: number; readonly command: Command };

/** Why a command is refused. `moved-on`: the task is not what the asker saw. `not-now`: it does not fit the task as it is. `failed`: the machine could not do it. */
export type Refusal = (typeof refusals)[number];

/** All of them. */
export const refusals = ['moved-on', 'unknown-task', 'not-now', 'failed'] as const;

/** A command whose fact is there, or was when the board looked last. */
export type PendingCommand =
  /** Its fact is being read. */
  | { readonly stage: 'unread' }
  /** It waits until it is known how its task stands. */
  | { readonly stage: 'waiting'; readonly request: CommandRequest }
  /** An effect carries it out. */
  | { readonly stage: 'under-way'; readonly request: CommandRequest }
  /** Its fact is being removed. */
  | { readonly stage: 'settled' }
  /** Its fact can't be read: the board goes on without it. */
  | { readonly stage: 'passed-over' };

/** A command's fact as it was found. */
export type ReadCommand =
  | { readonly kind: 'known'; readonly request: CommandRequest }
  | { readonly kind: 'gone' }
  /** It was no command that this version knows, and is at `path` in `.orchestrator/` now. */
  | { readonly kind: 'put-aside'; readonly path: string }
  /** It can neither be read nor put aside, and is at `path` still. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly why: string };

/** Checks a command's id. */
export function parseCommandId(text: string): CommandId | undefined {
  return /^\d{15}-[0-9a-f]{8}$/.test(text) ? (text as CommandId) : undefined;
}

/** Makes an id of the time, in milliseconds since the epoch, and a random UUID. */
export function makeCommandId(at: number, uuid: string): CommandId {
  return `${String(Math.max(0, Math.trunc(at))).padStart(15, '0')}-${uuid.slice(0, 8)}` as CommandId;
}

/** A command asked at this time, in milliseconds since the epoch, under an id of its own. */
export function makeRequest(
  at: number,
  uuid: string,
  asked: Pick<CommandRequest, 'by' | 'seen' | 'command'>,
): CommandRequest {
  return { version: 1, id: makeCommandId(at, uuid), at, ...asked };
}

/** The task that a command is about, or null. */
export function taskOfCommand(command: Command): TaskId | null {
  return 'task' in command ? command.task : null;
}

/** The command that a ticked box asks for. */
export function commandOfTick({ kind, task, commit, target, question, option, text = '' }: Tick): TaskCommand {
  // One character more than may be told is enough to be refused.
  const said = text.slice(0, limits.maxSaidChars + 1);
  switch (kind) {
    case 'tell':
      return { kind, task, text: said };
    case 'answer':
      return { kind, task, question: question ?? null, text: said };
    case 'choose':
      return { kind, task, question: question ?? null, option: option ?? 0 };
    case 'send-back':
      return { kind, task, commit: commit ?? null, text: said };
    case 'accept':
      return {
        kind,
        task,
        only: option === undefined ? [] : [String(option)],
        ...readAcceptWords(said),
      };
    case 'merge':
      return { kind, task, commit: commit ?? '', target: target ?? null, way: 'merge', whatRuns: false };
    case 'discard':
    case 'restack':
      return { kind, task, commit: commit ?? '' };
    case 'retry':
    case 'cancel':
    case 'hand-back':
      return { kind, task };
  }
}
