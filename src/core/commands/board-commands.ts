/** Carries out what is asked of the whole board: pause, resume and stop. */
import type { BoardCommand, CommandId, CommandRequest } from '../../domain/command.ts';
import { endHold } from '../circuit-breaker.ts';
import type { Draft } from '../draft.ts';
import { shutDown } from '../shut-down.ts';
import { findUnderWay, putCommand, settleCommand } from './settle-command.ts';

/** Begins to carry a command out. */
export function carryOutForBoard(draft: Draft, request: CommandRequest & { readonly command: BoardCommand }): void {
  const { id, command } = request;
  if (command.kind === 'stop') {
    // Whoever asked meant the board that ran then.
    const isStale = command.pid !== draft.board.pid;
    if (!isStale) shutDown(draft);
    const said = isStale ? 'the board that it was meant for has ended' : 'the board stops; its agents stay resumable';
    settleCommand(draft, request, { kind: 'done', said });
    return;
  }
  putCommand(draft, id, { stage: 'under-way', request });
  draft.emit({ type: 'write-pause', id, paused: command.kind === 'pause' });
}

/** The pause, or its end, is on disk. */
export function handleCommandKept(draft: Draft, id: CommandId): void {
  const request = findUnderWay(draft, id);
  if (request === undefined) return;
  const isPause = request.command.kind === 'pause';
  draft.set({ userPaused: isPause });
  if (!isPause) endHold(draft);
  const said = isPause ? 'no new starts; those at work go on' : 'tasks start again';
  settleCommand(draft, request, { kind: 'done', said });
}
