/** Handles the user's moves and deletions of task files. */
import { placeOf } from '../domain/file-place.ts';
import { firstRun, type ActiveTask, type Task, type TaskFile } from '../domain/board.ts';
import { hasDisk } from './full-disk.ts';
import type { Draft } from './draft.ts';
import { stopRun } from './lifecycle.ts';
import { settleWish } from './settlement.ts';

/** Handles a moved or deleted file of a task without a run under way. */
export function moveWaiting(draft: Draft, task: Task, to: TaskFile | null): void {
  const { id } = task;
  if (to === null || to.column === 'archive') {
    journalMove(draft, task, to, 'cancel');
    if (to === null) {
      forgetDeleted(draft, task);
      return;
    }
    const { spec, past, warnings } = task;
    const active: ActiveTask = {
      state: 'active',
      id,
      spec,
      file: to,
      past,
      warnings,
      phase: { name: 'planning', next: firstRun, before: null },
      wish: null,
    };
    settleWish(draft, active, 'cancel', { plan: null, record: null });
    return;
  }
  const meaning =
    to.column === 'queued'
      ? 'retry'
      : to.column === 'attention'
        ? 'put aside'
        : to.column === 'done'
          ? 'done'
          : 'queue again';
  journalMove(draft, task, to, meaning);
  draft.removeTask(id);
  if (to.column === 'done') draft.putFinished({ id, file: to, verdict: undefined });
  else load(draft, to);
}

/** A deleted task is cancelled, and what its worktree holds is kept. */
function forgetDeleted(draft: Draft, task: Task): void {
  draft.removeTask(task.id);
  const plan = task.past.lastPlan;
  if (plan === null) return;
  draft.emit(
    { type: 'keep-work', task: task.id, plan },
    { type: 'release-workspace', task: task.id, plan, forget: true },
  );
}

/** The user moved or deleted the file of a task that an agent is on. */
export function moveActive(draft: Draft, task: ActiveTask, to: TaskFile | null): void {
  if (task.phase.name === 'settling') {
    const { settlement } = task.phase;
    if (to?.column === (settlement.to === 'queued' ? 'queued' : settlement.verdict.column)) {
      draft.putTask({ ...task, file: to });
      return;
    }
    // The facts of its last run are written first; on a full disk they have to wait.
    if (!hasDisk(draft.board)) return;
    // Its run is over; wherever the file went, it is where the user wants it.
    journalMove(draft, task, to, to === null ? 'forget' : 'leave it there');
    draft.removeTask(task.id);
    if (to !== null) load(draft, to);
    return;
  }
  const wish = to === null || to.column === 'archive' ? 'cancel' : to.column === 'queued' ? 'requeue' : 'hold';
  if (to === null && task.wish === 'cancel') return;
  if (to?.column === 'active' && task.file.column === 'queued') {
    draft.putTask({ ...task, file: to });
    return;
  }
  journalMove(
    draft,
    task,
    to,
    wish === 'cancel' ? 'cancel' : wish === 'requeue' ? 'stop and queue again' : 'stop and put aside',
  );
  draft.putTask({ ...task, file: to ?? task.file, wish });
  stopRun(draft, task.id, wish === 'cancel' ? 'cancelled' : 'requeued');
}

function journalMove(draft: Draft, task: Task, to: TaskFile | null, meaning: string): void {
  draft.journal({ type: 'task-moved-by-user', task: task.id, from: task.file.column, to: to?.column ?? null, meaning });
}

/** Asks for a file that no known task has, once. */
export function load(draft: Draft, file: TaskFile): void {
  const place = placeOf(file);
  if (draft.board.loading.has(place)) return;
  draft.set({ loading: new Set(draft.board.loading).add(place) });
  draft.emit({ type: 'load-task', file });
}
