/** Handles a scan of the folders: new files, edited files, and moves by hand, each of which is a command. */
import {
  firstRun,
  isSameFile,
  type BoardScan,
  type FileIdentity,
  type InboxFile,
  type Task,
  type TaskFile,
} from '../domain/board.ts';
import { emptyPast } from '../domain/task-past.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import { placeOf, type Place } from '../domain/file-place.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { TakenIn } from '../domain/event.ts';
import { formatOrigin, originOf, type Grant } from '../domain/rights.ts';
import { columns, fileNameOf, idOfFile, keyOf, type TaskId, type TaskKey } from '../domain/task.ts';
import { limits } from '../domain/limits.ts';
import { backOff } from './backoff.ts';
import type { Draft } from './draft.ts';
import { hasDisk, isDiskFull, noteDiskFull } from './full-disk.ts';
import { readVerdicts, stopLoading } from './file-results.ts';
import { listCommanded, lookForCommands } from './commands/pending.ts';
import { isOwnMove, journalMove, load, moveTask } from './move.ts';
import { lookForMoved } from './moved-meanwhile.ts';
import { isReadingInbox } from './schedule.ts';
import { journalAsks } from './granted-rights.ts';
import { noteStrays } from './strays.ts';

/** The columns of tasks that are not finished. */
const liveColumns = ['active', 'attention', 'queued'] as const;

/** Compares the folders with the board. */
export function handleScanned(draft: Draft, scan: BoardScan): void {
  const before = draft.board.scan;
  draft.set({ scan, grants: scan.grants });
  stopLoading(draft, listGone(draft, scan));
  lookForCommands(draft, scan);
  lookAtInbox(draft, scan);
  noteStrays(draft, scan, before);
  const commanded = listCommanded(draft.board);
  lookAtFinished(draft, scan, before, commanded);
  for (const task of [...draft.board.live.values()]) {
    if (!commanded.has(keyOf(task.id))) lookAtTask(draft, task, scan, before);
  }
  if (before?.columns.done !== scan.columns.done) readNewestVerdicts(draft);
  if (before === null) lookForMoved(draft, scan);
  lookForNewFiles(draft, scan, before);
  dropGrants(draft, scan, before);
}

/** Grants of tasks that were cancelled or deleted; a file that is being moved is missing in one scan only. */
function dropGrants(draft: Draft, scan: BoardScan, before: BoardScan | null): void {
  if (before === null) return;
  const isThere = ({ columns: { queued, active, attention, done } }: BoardScan, name: string) =>
    [queued, active, attention, done].some((files) => files.has(name));
  for (const { task } of scan.grants.values()) {
    const name = fileNameOf(task);
    if (!isThere(scan, name) && !isThere(before, name)) draft.emit({ type: 'drop-grant', task });
  }
}

/** Files that could not be read and are gone by now. */
function listGone(draft: Draft, scan: BoardScan): readonly Place[] {
  if (draft.board.unread.size === 0) return [];
  const places = new Set(
    columns.flatMap((column) => [...scan.columns[column].keys()].map((name) => placeOf({ column, name }))),
  );
  return [...draft.board.unread.keys()].filter((place) => !places.has(place));
}

function lookAtInbox(draft: Draft, scan: BoardScan): void {
  if (!hasDisk(draft.board)) return;
  for (const [path, known] of draft.board.inbox) {
    // A file that is being read has an event of its own to come.
    if (known.diagnostics !== null && !scan.inbox.has(path)) draft.removeInbox(path);
  }
  for (const [path, identity] of scan.inbox) {
    const known = draft.board.inbox.get(path);
    if (known !== undefined && !isToBeRead(known, identity, draft.at)) continue;
    draft.putInbox({ path, identity, diagnostics: null, failures: known?.failures ?? 0, retryAt: null });
    draft.emit({ type: 'take-in', path, identity });
  }
}

/** A file that is being read is answered by its own event; one that was refused is read again once it changed. */
function isToBeRead(known: InboxFile, identity: FileIdentity, at: number): boolean {
  if (known.diagnostics === null) return false;
  if (known.retryAt !== null && at >= known.retryAt) return true;
  return !isSameFile(known.identity, identity);
}

function lookAtFinished(
  draft: Draft,
  scan: BoardScan,
  before: BoardScan | null,
  commanded: ReadonlySet<TaskKey>,
): void {
  for (const column of ['done', 'archive'] as const) {
    const files = scan.columns[column];
    if (before?.columns[column] === files) continue;
    for (const [key, task] of draft.board.finished) {
      if (task.file.column !== column || files.has(task.file.name) || commanded.has(key)) continue;
      draft.removeFinished(task.id);
      const back = liveColumns.find((each) => scan.columns[each].has(task.file.name));
      if (back !== undefined && !draft.board.live.has(key)) journalMove(draft, task.id, column, back);
      // Put away by the user: what it left still counts.
      const put = column === 'done' ? scan.columns.archive.get(task.file.name) : undefined;
      if (put !== undefined && !draft.board.live.has(key)) {
        draft.putFinished({ ...task, file: { column: 'archive', name: task.file.name, identity: put } });
      }
      // Fetched back: its facts tell whether its work was discarded.
      const fetched = column === 'archive' ? scan.columns.done.get(task.file.name) : undefined;
      if (fetched !== undefined && !draft.board.live.has(key)) {
        const file = { column: 'done', name: task.file.name, identity: fetched } as const;
        draft.putFinished({ id: task.id, file, verdict: undefined, review: null });
      }
    }
    for (const [name, identity] of files) {
      const id = idOfFile(name);
      if (id === null || draft.board.finished.has(keyOf(id)) || draft.board.live.has(keyOf(id))) continue;
      draft.putFinished({ id, file: { column, name, identity }, verdict: undefined, review: null });
    }
  }
}

/**
 * The dashboard shows the newest finished tasks, so the board reads their verdicts; it reads older ones when a task
 * depends on them.
 */
function readNewestVerdicts(draft: Draft): void {
  const newest = [...draft.board.finished.entries()]
    .filter(([, task]) => task.file.column === 'done')
    .sort(([, a], [, b]) => b.file.identity.mtimeMs - a.file.identity.mtimeMs)
    .slice(0, limits.maxFinishedListed)
    .filter(([, task]) => task.verdict === undefined)
    .map(([, task]) => task);
  readVerdicts(draft, newest);
}

function lookAtTask(draft: Draft, task: Task, scan: BoardScan, before: BoardScan | null): void {
  const { column, name } = task.file;
  const here = scan.columns[column].get(name);
  if (here !== undefined) {
    if (!isSameFile(here, task.file.identity) && task.state !== 'settling') {
      const file: TaskFile = { ...task.file, identity: here };
      draft.putTask({ ...task, file });
      draft.emit({ type: 'read-task', file });
    }
    return;
  }
  const elsewhere = columns.find((each) => each !== column && scan.columns[each].has(name));
  // A file that is moved while the folders are listed may be in none of the lists; one that is gone is missed twice.
  if (elsewhere === undefined && before !== null && columns.some((each) => before.columns[each].has(name))) return;
  const identity = elsewhere === undefined ? undefined : scan.columns[elsewhere].get(name);
  const to = elsewhere === undefined || identity === undefined ? null : { column: elsewhere, name, identity };
  moveByUser(draft, task, to);
}

/** A move or deletion of a file by the user's hand is a command, unless the board itself is making it. */
function moveByUser(draft: Draft, task: Task, to: TaskFile | null): void {
  if (!isOwnMove(draft, task, to)) journalMove(draft, task.id, task.file.column, to?.column ?? null);
  moveTask(draft, task.id, to);
}

/** Files in the live columns that no known task has. */
function lookForNewFiles(draft: Draft, scan: BoardScan, before: BoardScan | null): void {
  const { board } = draft;
  // A file that is being taken in appears in `queued/` before its event arrives.
  if (isReadingInbox(board) && before !== null) return;
  for (const column of liveColumns) {
    for (const [name, identity] of scan.columns[column]) {
      const id = idOfFile(name);
      if (id === null) continue;
      const file: TaskFile = { column, name, identity };
      const live = draft.task(id);
      if (live !== undefined) {
        if (isSecond(file, live.file, scan)) draft.emit({ type: 'set-aside', task: id, file, keeper: live.file });
        continue;
      }
      const finished = draft.board.finished.get(keyOf(id));
      const isSeenBefore = before?.columns[column].has(name) === true;
      // The namesake of a task that is done is looked at once: an agent may be at work on it.
      if (finished?.file.column !== 'done' || !isSeenBefore) load(draft, file);
      else if (isSecond(file, finished.file, scan)) {
        draft.emit({ type: 'set-aside', task: id, file, keeper: finished.file });
      }
    }
  }
}

/** Whether a file stands beside the one that the board works on. */
function isSecond(file: TaskFile, known: TaskFile, scan: BoardScan): boolean {
  const isKnown = file.column === known.column && file.name === known.name;
  return !isKnown && scan.columns[known.column].has(known.name);
}

/** A file that is to be taken in was read. */
export function handleTakenIn(draft: Draft, path: string, identity: FileIdentity, outcome: TakenIn): void {
  switch (outcome.kind) {
    case 'accepted': {
      const { spec, file, grant, warnings } = outcome;
      draft.removeInbox(path);
      putGrant(draft, spec.id, grant);
      const earlier = draft.task(spec.id);
      if (earlier?.state === 'active' || earlier?.state === 'settling') {
        // Its file was taken away at this very moment: its run ends first, and this file takes its place.
        moveByUser(draft, earlier, file);
        return;
      }
      draft.removeFinished(spec.id);
      const task = { id: spec.id, spec, file, past: emptyPast, warnings };
      draft.putTask({ ...task, state: 'queued', next: firstRun, problems: [] });
      const origin = formatOrigin(originOf(spec, grant));
      draft.journal({ type: 'task-accepted', task: spec.id, title: spec.title, origin });
      journalAsks(draft, spec);
      if (warnings.length > 0) draft.journal({ type: 'task-changed', task: spec.id, diagnostics: warnings });
      return;
    }
    case 'repeated':
      draft.removeInbox(path);
      draft.journal({ type: 'inbox-repeated', name: path, task: outcome.id });
      return;
    case 'rejected':
      draft.putInbox({ path, identity, diagnostics: outcome.diagnostics, failures: 0, retryAt: null });
      draft.journal({ type: 'inbox-rejected', name: path, diagnostics: outcome.diagnostics });
      return;
    case 'failed':
      handleTakeInFailed(draft, path, identity, outcome.fault);
      return;
    case 'changed':
      draft.removeInbox(path);
  }
}

/** A grant to an earlier task of that id does not count for a new one. */
function putGrant(draft: Draft, id: TaskId, grant: Grant | null): void {
  const key = keyOf(id);
  if (grant === null && !draft.board.grants.has(key)) return;
  const grants = new Map(draft.board.grants);
  if (grant === null) grants.delete(key);
  else grants.set(key, grant);
  draft.set({ grants });
}

/** The file is as it was; it is tried again, sooner or later, and its trouble told once. */
function handleTakeInFailed(draft: Draft, path: string, identity: FileIdentity, fault: OutsideFault): void {
  if (isDiskFull(fault)) {
    noteDiskFull(draft, fault.message);
    draft.removeInbox(path);
    return;
  }
  const failures = (draft.board.inbox.get(path)?.failures ?? 0) + 1;
  const diagnostics: readonly Diagnostic[] = [
    {
      severity: 'error',
      file: `.orchestrator/${path}`,
      message: fault.message,
      hint: 'The board tries again by itself; save the file again to try at once.',
    },
  ];
  draft.putInbox({
    path,
    identity,
    diagnostics,
    failures,
    retryAt: draft.at + backOff(limits.firstBackoffMs, failures),
  });
  if (failures === 1) draft.journal({ type: 'inbox-rejected', name: path, diagnostics });
}
