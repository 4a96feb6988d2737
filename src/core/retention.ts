/**
 * Decides which finished tasks are pruned, and when: those whose end is longer ago than the setting `keep`.
 *
 *   merged        since its work was found in the base; refs that nothing else contains stay
 *   in archive/   since its file came there; its refs of before that go
 *   otherwise     never: work that waits for its user is not touched
 *
 *   scanned ──► read-ends, a few files at a time ──► ends-read ──► prune-task ──► task-pruned ──► one line of the history
 */
import type { Board, FinishedTask } from '../domain/board.ts';
import type { TaskEnd } from '../domain/event.ts';
import { limits } from '../domain/limits.ts';
import { nothingPruned, type Pruned, type Retention } from '../domain/pruned.ts';
import { keyOf, type TaskId, type TaskKey } from '../domain/task.ts';
import type { Draft } from './draft.ts';
import { hasDisk } from './full-disk.ts';

/** Asks for the ends of some finished tasks whose files are old enough. A round goes over all of them, then there is a pause. */
export function lookForAged(draft: Draft): void {
  const { board, at } = draft;
  const { lookedAt, looked, failed, underWay } = board.retention;
  // A clock that was set back must not keep it from looking.
  const isEarly = Math.abs(at - lookedAt) < limits.pruneEveryMs;
  if (isEarly || underWay.size > 0 || board.shutdown !== 'no' || !hasDisk(board) || !knowsAll(board)) return;
  const aged = [...board.finished.values()].filter(
    ({ id, file }) =>
      !looked.has(keyOf(id)) && !failed.has(keyOf(id)) && file.identity.mtimeMs + board.settings.keepMs <= at,
  );
  const batch = aged.slice(0, limits.maxPrunedAtOnce);
  const keys = batch.map(({ id }) => keyOf(id));
  if (batch.length === aged.length) setRetention(draft, { lookedAt: at, looked: new Set() });
  else setRetention(draft, { looked: new Set([...looked, ...keys]) });
  if (batch.length === 0) return;
  setRetention(draft, { underWay: new Set(keys) });
  draft.emit({ type: 'read-ends', files: batch.map(({ file }) => file) });
}

/** Whether all live tasks were read, so that it is known what they depend on. */
function knowsAll({ loading, unread }: Board): boolean {
  return loading.size === 0 && unread.size === 0;
}

/** Decides which of the tasks go. */
export function handleEndsRead(draft: Draft, ends: readonly TaskEnd[]): void {
  const { board, at } = draft;
  if (!knowsAll(board)) {
    handleEndsUnread(draft);
    return;
  }
  const needed = listNeeded(board);
  const aged = ends.flatMap((end) => {
    const task = findFinished(board, end);
    if (task === null || needed.has(keyOf(task.id)) || !end.hasRemains) return [];
    const isOver = (since: number | null): boolean => since !== null && since + board.settings.keepMs <= at;
    if (!isOver(end.putAwayAt) && !isOver(end.mergedAt)) return [];
    return [{ task, putAwayAt: isOver(end.putAwayAt) ? end.putAwayAt : null }];
  });
  setRetention(draft, { underWay: new Set(aged.map(({ task }) => keyOf(task.id))) });
  for (const { task, putAwayAt } of aged) {
    draft.emit({ type: 'prune-task', task: task.id, file: task.file, putAwayAt });
  }
}

/** One of them went. */
export function handlePruned(draft: Draft, id: TaskId, pruned: Pruned): void {
  endPruning(draft, id, { pruned: new Map(draft.board.retention.pruned).set(id, pruned) });
}

/** Notes a task that could not be pruned, or not wholly: the rest of it stays. */
export function handlePruneFailed(draft: Draft, id: TaskId): void {
  endPruning(draft, id, { failed: new Set(draft.board.retention.failed).add(keyOf(id)) });
}

/** The ends could not be read: they are asked for again in the next round. */
export function handleEndsUnread(draft: Draft): void {
  setRetention(draft, { underWay: new Set(), lookedAt: draft.at });
}

/** Tells in one line what went, once all that was decided upon together is through. */
function endPruning(draft: Draft, id: TaskId, changes: Partial<Retention>): void {
  const underWay = new Set(draft.board.retention.underWay);
  underWay.delete(keyOf(id));
  setRetention(draft, { ...changes, underWay });
  if (underWay.size > 0) return;
  const gone = [...draft.board.retention.pruned].filter(([, each]) => Object.values(each).some((count) => count > 0));
  setRetention(draft, { pruned: new Map() });
  if (gone.length > 0) {
    draft.journal({ type: 'pruned', tasks: gone.map(([task]) => task), ...addUp(gone.map(([, each]) => each)) });
  }
}

function addUp(pruned: readonly Pruned[]): Pruned {
  return pruned.reduce(
    (sum, { worktrees, runs, bytes, refs }) => ({
      worktrees: sum.worktrees + worktrees,
      runs: sum.runs + runs,
      bytes: sum.bytes + bytes,
      refs: sum.refs + refs,
    }),
    nothingPruned,
  );
}

/** The task whose end that is, or null where its file was moved since. */
function findFinished(board: Board, { file }: TaskEnd): FinishedTask | null {
  const task = [...board.finished.values()].find(
    (each) => each.file.column === file.column && each.file.name === file.name,
  );
  return task === undefined || board.live.has(keyOf(task.id)) ? null : task;
}

/** Tasks that live ones depend on: a start, or one more attempt, may need their facts and refs. */
function listNeeded(board: Board): ReadonlySet<TaskKey> {
  return new Set([...board.live.values()].flatMap(({ spec }) => spec.dependsOn.map(keyOf)));
}

function setRetention(draft: Draft, changes: Partial<Retention>): void {
  draft.set({ retention: { ...draft.board.retention, ...changes } });
}
