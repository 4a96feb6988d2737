/**
 * Which commands fit a task in which column: the one table for what carries them out and for what offers them.
 *
 *                    queued   active   attention   done   archive
 *   retry              ·        ·          ✓         ✓       ✓      back to the queue; a done task is worked on again
 *   tell               ·        ·          ✓         ·       ✓      the same, with what the user says to it in its file
 *   answer             ·        ✓          ·         ·       ·      to what its agent at work waits for
 *   choose             ·        ✓          ✓         ·       ·      the same, or told and queued, with an answer that is offered
 *   send-back          ·        ·          ·         ✓       ·      the same, with what the user says to it in its review
 *   note               ✓        ✓          ✓         ✓       ·      told to its agent at work, or at its next start
 *   requeue            ·        ✓          ·         ·       ·      its run is stopped, and it is queued again
 *   cancel             ✓        ✓          ✓         ·       ·      to the archive; what its agent did is kept
 *   put-aside          ✓        ✓          ·         ·       ·      waits for its user
 *   finish             ✓        ✓          ✓         ·       ·      done, by the user's word
 *   merge              ·        ·          ·         ✓       ·      into the branch that tasks start from
 *   pr                 ·        ·          ·         ✓       ·      its branch is pushed, its pull request opened
 *   discard            ·        ·          ·         ✓       ·      its branch is taken away, its commit kept
 *   restack            ·        ·          ·         ✓       ·      its commits again on what it builds on now
 *   take               ✓        ✓          ✓         ✓       ·      to attention/, where nothing is done with it but by its user
 *   hand-back          ·        ·          ✓         ·       ·      its worktree is checked, and it is done if that holds
 *   open               ✓        ✓          ✓         ✓       ·      its worktree is made again where it is gone
 *   accept             ·        ·          ✓         ✓       ·      what its agent proposes becomes tasks
 *   set-priority       ✓        ✓          ✓         ·       ·      in its file
 *   add-dependency     ✓        ·          ✓         ·       ·      in its file
 */
import type { Box, BoxKind, Seen, TaskCommand } from '../../domain/command.ts';
import type { AgentQuestion } from '../../domain/agent-question.ts';
import type { Review } from '../../domain/review.ts';
import { listProposals } from '../../domain/proposal.ts';
import { columns, type Column, type TaskId } from '../../domain/task.ts';
import { leftCommits, type Verdict } from '../../domain/verdict.ts';

/** A kind of command about a task. */
export type TaskCommandKind = TaskCommand['kind'];

/** Why a command does not fit, in words that follow the task's id, and what fits instead. */
export interface Unfit {
  readonly why: string;
  readonly hint: string | null;
}

/** A command with the line that asks it; `unfit` says why it can't be asked now, or is null. */
export interface Offer {
  readonly kind: TaskCommandKind;
  /** Such as `branchboard retry add-auth`. */
  readonly usage: string;
  readonly unfit: Unfit | null;
}

/** The work of a task that is done: commits that wait for their user, merged, or none. Null where that is not known. */
export type WorkState = 'open' | 'merged' | 'none' | null;

const fits = null;

/** Of a commit's name as many characters are shown. */
const shownCommitChars = 7;

const isQueued = unfit('is queued already', 'To see why it waits: branchboard show ID');
const isActive = unfit('is being worked on already', 'To follow it: branchboard logs ID -f');
const waits = unfit('waits for you and is not being worked on', 'To queue it again: branchboard retry ID');
const isUndone = unfit('is not done, so there is nothing to merge', 'To see how it stands: branchboard show ID');
const isUnproposed = unfit('is not done, so there is nothing to propose', 'To see how it stands: branchboard show ID');
const isUnfinished = unfit('is not done, so there is nothing to discard', 'To stop it: branchboard cancel ID');
const isNotCut = unfit(
  'is not done; it starts from what it builds on then',
  'To see how it stands: branchboard show ID',
);
const isDone = unfit('is done', 'To work on it again: branchboard retry ID');
const isArchived = unfit('is in archive/', 'To queue it again: branchboard retry ID');
const tellIt = 'To try again, and tell it something: branchboard retry ID -m TEXT';
const isReviewed = unfit('is done', 'To say what is wrong with its work: branchboard send-back ID TEXT');
const isNotTaken = unfit('is not in your hands', 'To take it over: branchboard take ID');
const isBased = unfit(
  'is being worked on, from a base that was chosen when it began',
  'To begin it anew: mv .orchestrator/active/ID.md .orchestrator/attention/, add the dependency, then branchboard retry ID',
);

const table: Readonly<Record<TaskCommandKind, Readonly<Record<Column, Unfit | null>>>> = {
  retry: { queued: isQueued, active: isActive, attention: fits, done: fits, archive: fits },
  tell: { queued: isQueued, active: isActive, attention: fits, done: isReviewed, archive: fits },
  answer: {
    queued: unfit('is queued, and asks nothing', 'To tell it something: branchboard note ID TEXT'),
    active: fits,
    attention: unfit('waits for you and is not being worked on', tellIt),
    done: isReviewed,
    archive: unfit('is in archive/', tellIt),
  },
  choose: {
    queued: isQueued,
    active: fits,
    attention: fits,
    done: isReviewed,
    archive: unfit('is in archive/', tellIt),
  },
  'send-back': {
    queued: isQueued,
    active: isActive,
    attention: unfit('is not done, so there is nothing to send back', tellIt),
    done: fits,
    archive: unfit('is in archive/', tellIt),
  },
  note: { queued: fits, active: fits, attention: fits, done: fits, archive: unfit('is in archive/', tellIt) },
  requeue: { queued: isQueued, active: fits, attention: waits, done: isDone, archive: isArchived },
  cancel: {
    queued: fits,
    active: fits,
    attention: fits,
    done: unfit(
      'is done; there is nothing to cancel',
      'To put it away: mv .orchestrator/done/ID.md .orchestrator/archive/',
    ),
    archive: unfit('is in archive/ already', 'To queue it again: branchboard retry ID'),
  },
  'put-aside': { queued: fits, active: fits, attention: waits, done: isDone, archive: isArchived },
  finish: { queued: fits, active: fits, attention: fits, done: isDone, archive: isArchived },
  merge: { queued: isUndone, active: isUndone, attention: isUndone, done: fits, archive: isUndone },
  pr: { queued: isUnproposed, active: isUnproposed, attention: isUnproposed, done: fits, archive: isArchived },
  discard: {
    ...{ queued: isUnfinished, active: isUnfinished, attention: isUnfinished, done: fits },
    archive: unfit('is in archive/ already', 'To queue it again: branchboard retry ID'),
  },
  restack: {
    queued: isNotCut,
    active: unfit(
      'is being worked on, and nothing is pulled away from under its agent',
      'When it is done: branchboard restack ID',
    ),
    attention: unfit('waits for you and is not done', 'To work on it again: branchboard retry ID'),
    done: fits,
    archive: isArchived,
  },
  accept: {
    ...{ queued: isQueued, attention: fits, done: fits, archive: isArchived },
    active: unfit('is being worked on', 'What it proposes is offered when its run ends'),
  },
  take: { queued: fits, active: fits, attention: fits, done: fits, archive: isArchived },
  'hand-back': {
    ...{ queued: isNotTaken, active: isNotTaken, attention: fits, done: isDone },
    archive: isArchived,
  },
  open: { queued: fits, active: fits, attention: fits, done: fits, archive: isArchived },
  'set-priority': { queued: fits, active: fits, attention: fits, done: isDone, archive: isArchived },
  'add-dependency': { queued: fits, active: isBased, attention: fits, done: isDone, archive: isArchived },
};

/** The verbs of those kinds that have one, in the order in which they are offered. */
const usages: Readonly<Partial<Record<TaskCommandKind, string>>> = {
  merge: 'branchboard merge ID',
  pr: 'branchboard pr ID',
  restack: 'branchboard restack ID',
  'send-back': 'branchboard send-back ID TEXT',
  discard: 'branchboard discard ID',
  retry: 'branchboard retry ID',
  tell: 'branchboard retry ID -m TEXT',
  note: 'branchboard note ID TEXT',
  take: 'branchboard take ID',
  'hand-back': 'branchboard hand-back ID',
  open: 'branchboard open ID',
  cancel: 'branchboard cancel ID',
  'set-priority': 'branchboard set-priority ID high',
  'add-dependency': 'branchboard add-dependency ID OTHER',
};

/** The kinds that have a box on the dashboard, with its words, in the order in which they are offered. */
const boxLabels: Readonly<Record<BoxKind, string>> = {
  accept: 'Take in',
  merge: 'Merge',
  restack: 'Restack',
  retry: 'Try again',
  tell: 'Try again, and tell it:',
  answer: 'Send this answer',
  choose: 'Answer',
  cancel: 'Cancel',
  'send-back': 'Send back, because:',
  discard: 'Discard',
  'hand-back': 'It is done: check it',
};

/** The state of the work that a verdict tells of. */
export function workOf(verdict: Verdict | null, review: Review | null): WorkState {
  if (verdict === null) return null;
  if (review?.state === 'merged') return 'merged';
  return leftCommits(verdict) ? 'open' : 'none';
}

/** Of a task that is done, why there is nothing to merge, to propose, to restack or to discard. */
const unmergeable: Readonly<Record<'merged' | 'none', Unfit>> = {
  merged: unfit('is merged already', 'To look for it: git log --grep "Task: ID"'),
  none: unfit('left no branch', 'To see what it left: branchboard show ID'),
};

/** Why a command does not fit a task that is in `column`; null where it does. */
export function findUnfit(kind: TaskCommandKind, column: Column, id: TaskId, work: WorkState = null): Unfit | null {
  const isAboutWork = kind === 'merge' || kind === 'pr' || kind === 'restack' || kind === 'discard';
  const isClosed = isAboutWork && (work === 'merged' || work === 'none');
  const found = table[kind][column] ?? (isClosed ? unmergeable[work] : fits);
  return found === null ? null : { why: found.why, hint: found.hint?.replaceAll('ID', id) ?? null };
}

/** The commands of a task in a column, those that fit and those that don't. */
export function listOffers(column: Column, id: TaskId, work: WorkState = null): readonly Offer[] {
  return Object.entries(usages).map(([kind, usage]) => ({
    kind: kind as TaskCommandKind,
    usage: usage.replaceAll('ID', id),
    unfit: findUnfit(kind as TaskCommandKind, column, id, work),
  }));
}

/**
 * The boxes of a plan: it is taken in but for what the user names, made again, or put away. One that was taken in is not
 * made again, and waits for its tasks where its user lets it.
 */
export function listPlanBoxes(task: TaskId, seen: Seen, verdict: Verdict): readonly Box[] {
  const isLeft = listProposals(verdict).some(({ taken }) => taken === null);
  const [unfit, waits] = verdict.taken.length === 0 ? ['retry', null] : ['tell', 'Wait for its tasks'];
  return [
    ...(isLeft ? [{ kind: 'accept', task, seen, label: 'Take it in, but for:' } as const] : []),
    ...listBoxes(task, seen).flatMap((box) =>
      box.kind === unfit ? [] : [box.kind === 'retry' && waits !== null ? { ...box, label: waits } : box],
    ),
  ];
}

/** The boxes that take in what a task's agent proposes, each of those that were not taken in. */
export function listProposalBoxes(task: TaskId, seen: Seen, verdict: Verdict): readonly Box[] {
  return listProposals(verdict)
    .filter(({ taken }) => taken === null)
    .map(({ number, name, title }) => {
      const label = `${boxLabels.accept} \`${name}\`: ${title}`;
      return { kind: 'accept', task, seen, option: number, label };
    });
}

/** The box that merges the work of a task that is done, at the commit that is shown, into the branch `target`. */
export function mergeBox(task: TaskId, seen: Seen, commit: string, target: string): Box {
  return { kind: 'merge', task, seen, commit, target, label: `Merge ${shorten(commit)} into \`${target}\`` };
}

/** The box that discards the work of a task that is done, at the commit that is shown. */
export function discardBox(task: TaskId, seen: Seen, commit: string): Box {
  return { kind: 'discard', task, seen, commit, label: `${boxLabels.discard} ${shorten(commit)}` };
}

/** The box that restacks the work of a task that is done, at the commit that is shown, on dependencies that changed. */
export function restackBox(task: TaskId, seen: Seen, commit: string, on: readonly TaskId[]): Box {
  const names = on.map((id) => `\`${id}\``).join(', ');
  return {
    kind: 'restack',
    task,
    seen,
    commit,
    label: `Restack ${shorten(commit)} on ${names} as ${on.length === 1 ? 'it is' : 'they are'} now`,
  };
}

/** The box that sends the work of a task that is done back, at the commit that is shown; null for what left none. */
export function sendBackBox(task: TaskId, seen: Seen, commit: string | null): Box {
  const box = { kind: 'send-back', task, seen, label: boxLabels['send-back'] } as const;
  return commit === null ? box : { ...box, commit, label: `Send back ${shorten(commit)}, because:` };
}

function shorten(commit: string): string {
  return `\`${commit.slice(0, shownCommitChars)}\``;
}

/** The boxes of the commands that fit a task that is not done as it is seen. */
export function listBoxes(task: TaskId, seen: Seen): readonly Box[] {
  const kinds = ['retry', 'tell', 'cancel'] as const;
  return kinds
    .filter((kind) => table[kind][seen.column] === null)
    .map((kind) => ({ kind, task, seen, label: boxLabels[kind] }));
}

/** The boxes of a task that its user took over. */
export function listTakenBoxes(task: TaskId, seen: Seen): readonly Box[] {
  const [retry, ...others] = listBoxes(task, seen);
  const back = { kind: 'hand-back', task, seen, label: boxLabels['hand-back'] } as const;
  return [back, ...(retry === undefined ? [] : [{ ...retry, label: 'Go on without me' }]), ...others];
}

/** The boxes of a task that asks: it is given one of the answers that it offers, or what the user types, or is put away. */
export function listAnswerBoxes(task: TaskId, seen: Seen, options: readonly string[]): readonly Box[] {
  return [
    ...listChoices({ task, seen }, options),
    { kind: 'tell', task, seen, label: 'Send this answer' },
    { kind: 'cancel', task, seen, label: boxLabels.cancel },
  ];
}

/** The boxes of a question that an agent at work waits with. */
export function listQuestionBoxes(task: TaskId, seen: Seen, { id, options }: AgentQuestion): readonly Box[] {
  const about = { task, seen, question: id };
  return [...listChoices(about, options), { kind: 'answer', ...about, label: boxLabels.answer }];
}

function listChoices(about: Pick<Box, 'task' | 'seen' | 'question'>, options: readonly string[]): readonly Box[] {
  return options.map((label, at) => ({ kind: 'choose', ...about, option: at + 1, label }));
}

/** The words of a box, for what became of it. */
export function labelOfBox(kind: BoxKind): string {
  return boxLabels[kind].replace(/:$/, '');
}

/** The columns whose tasks fit a verb, for completing their ids: all columns where the verb is none of the table. */
export function listFittingColumns(verb: string): readonly Column[] {
  const rows: Readonly<Partial<Record<string, Readonly<Record<Column, Unfit | null>>>>> = {
    ...table,
    // The verb also tells a task that ended with its question.
    answer: { ...table.tell, active: fits },
  };
  return columns.filter((column) => rows[verb]?.[column] == null);
}

function unfit(why: string, hint: string | null): Unfit {
  return { why, hint };
}
