/** Ends the tasks whose plans were accepted, once all of their children are done. */
import { findVerdict } from '../domain/board.ts';
import type { TaskId } from '../domain/task.ts';
import type { Verdict } from '../domain/verdict.ts';
import { findObstacle } from './schedule.ts';
import type { Draft } from './draft.ts';
import { startSettling } from './settlement.ts';

/** See the file's head. */
export function settlePlans(draft: Draft): void {
  const { board } = draft;
  if (board.shutdown !== 'no' || board.loading.size > 0) return;
  for (const task of board.live.values()) {
    const { accepted } = task.past;
    if (task.state !== 'queued' || accepted === null || findObstacle(board, task, draft.at) !== null) continue;
    // A board that was killed meanwhile had ended it already.
    const verdict = accepted.column === 'done' ? accepted : endPlan(draft, accepted, task.spec.dependsOn);
    startSettling(draft, task, { to: 'verdict', verdict, plan: null, record: null });
  }
}

function endPlan(draft: Draft, accepted: Verdict, dependsOn: readonly TaskId[]): Verdict {
  const children = accepted.taken.map(({ id }) => summarize(draft, id)).join('\n');
  const summary = `${accepted.summary ?? ''}\n\nDone:\n${children}`.trim();
  return { ...accepted, column: 'done', at: draft.at, dependsOn, summary };
}

function summarize({ board }: Draft, id: TaskId): string {
  return `- \`${id}\`: ${findVerdict(board, id)?.summary?.split('\n', 1)[0] ?? 'done'}`;
}
