/** Ends the board: no new starts, and its agents are asked to end. */
import type { Draft } from './draft.ts';
import { stopRun } from './lifecycle.ts';

/** The first time agents are asked to end, the second time they are hurried. */
export function shutDown(draft: Draft): void {
  draft.set({ shutdown: draft.board.shutdown === 'no' ? 'asked' : 'hurried' });
  for (const task of [...draft.board.live.values()]) stopRun(draft, task.id, 'shutdown');
}
