/**
 * Ends orphan processes: agents that outlived their board and that the next board does not follow, since their task was
 * cancelled, put away or finished meanwhile, or the facts of their run are gone. Each is ended before anything starts
 * on its task.
 */
import type { RunId } from '../domain/run.ts';
import { idOfFile, keyOf } from '../domain/task.ts';
import type { Draft } from './draft.ts';

/** Ends the strays, once all task files are known and so the agents that are followed. One whose task can't be read waits. */
export function endStrays(draft: Draft): void {
  const { strays, loading, scan } = draft.board;
  if (strays.length === 0 || scan === null || loading.size > 0) return;
  const waiting = strays.filter((run) => isUnread(draft, run));
  if (waiting.length < strays.length) draft.set({ strays: waiting });
  for (const run of strays) {
    if (!waiting.includes(run) && !isFollowed(draft, run)) draft.emit({ type: 'end-stray', task: run.task, run });
  }
}

function isUnread(draft: Draft, run: RunId): boolean {
  return [...draft.board.unread.values()].some(({ file }) => {
    const id = idOfFile(file.name);
    return id !== null && keyOf(id) === keyOf(run.task);
  });
}

function isFollowed(draft: Draft, run: RunId): boolean {
  const task = draft.task(run.task);
  return task?.state === 'active' && 'plan' in task.phase && task.phase.plan.n === run.n;
}
