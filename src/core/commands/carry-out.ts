/**
 * Commands from their fact to their end. Each is carried out once: what is on disk after a crash tells how far it came.
 *
 *   scan ──► read-command ──► command-read ──► waits for its task ──► an effect ──► settled: history, answer, fact removed
 *                                                       └──► refused: why, and what to type instead
 */
import { noDaemon } from '../../domain/board.ts';
import type { CommandId, CommandRequest, ReadCommand } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import { keyOf } from '../../domain/task.ts';
import { unreachable } from '../../domain/result.ts';
import type { Draft } from '../draft.ts';
import { carryOutForBoard } from './board-commands.ts';
import { listCommanded } from './pending.ts';
import { findUnderWay, forgetCommand, putCommand, settleCommand } from './settle-command.ts';
import { carryOutForTask } from './task-commands.ts';

/** A command was read, or is none. */
export function handleCommandRead(draft: Draft, id: CommandId, read: ReadCommand): void {
  if (read.kind === 'known') {
    putCommand(draft, id, { stage: 'waiting', request: read.request });
    return;
  }
  if (read.kind === 'unreadable') {
    putCommand(draft, id, { stage: 'passed-over' });
    draft.journal({ type: 'command-unread', id, path: read.path, why: read.why });
    return;
  }
  forgetCommand(draft, id);
  if (read.kind === 'put-aside') draft.journal({ type: 'command-unread', id, path: read.path });
}

/** Carries out what waits, in the order in which it was asked. A daemon that ends leaves the rest to the next start. */
export function carryOutCommands(draft: Draft): void {
  const isEnding = draft.board.shutdown !== 'no' && draft.board.pid !== noDaemon;
  for (const pending of [...draft.board.commands.values()]) {
    // A pause that can't be read now must not come after the end of it.
    if (pending.stage === 'unread') return;
    if (pending.stage !== 'waiting' || (isEnding && pending.request.command.kind !== 'stop')) continue;
    carryOut(draft, pending.request);
  }
}

function carryOut(draft: Draft, request: CommandRequest): void {
  const { command } = request;
  switch (command.kind) {
    case 'pause':
    case 'resume':
    case 'stop':
      carryOutForBoard(draft, { ...request, command });
      return;
    case 'retry':
    case 'tell':
    case 'answer':
    case 'choose':
    case 'note':
    case 'requeue':
    case 'cancel':
    case 'put-aside':
    case 'finish':
    case 'set-priority':
    case 'add-dependency':
    case 'send-back':
    case 'merge':
    case 'pr':
    case 'discard':
    case 'restack':
    case 'open':
    case 'accept':
    case 'take':
    case 'hand-back':
      // Two about one task are carried out one after the other.
      if (!listCommanded(draft.board).has(keyOf(command.task))) carryOutForTask(draft, { ...request, command });
      return;
    default:
      unreachable(command);
  }
}

/** The outside could not do it. */
export function handleCommandFailed(
  draft: Draft,
  { id, fault }: BoardEvent & { readonly type: 'command-failed' },
): void {
  const request = findUnderWay(draft, id);
  if (request === undefined) return;
  const hint = 'Type: branchboard status';
  settleCommand(draft, request, { kind: 'refused', why: 'failed', said: fault.message, hint });
}
