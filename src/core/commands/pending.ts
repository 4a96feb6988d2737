/** Commands that are not settled: how the board meets them, and what they keep from going on. */
import { noDaemon, type Board, type BoardScan } from '../../domain/board.ts';
import type { Command } from '../../domain/command.ts';
import { limits } from '../../domain/limits.ts';
import { keyOf, type TaskId, type TaskKey } from '../../domain/task.ts';
import type { Draft } from '../draft.ts';
import { putCommand } from './settle-command.ts';

/** Asks for the commands that the board has not met. */
export function lookForCommands(draft: Draft, scan: BoardScan): void {
  const room = limits.maxPendingCommands - draft.board.commands.size;
  const met = scan.commands.filter((id) => !draft.board.commands.has(id)).slice(0, Math.max(0, room));
  for (const id of met) {
    putCommand(draft, id, { stage: 'unread' });
    draft.emit({ type: 'read-command', id });
  }
}

/** Tasks whose files a command is moving or rewriting: until that is through, where they are says nothing. */
export function listCommanded({ commands }: Board): ReadonlySet<TaskKey> {
  const underWay = [...commands.values()].flatMap((each) => (each.stage === 'under-way' ? [each.request] : []));
  return new Set(underWay.flatMap(({ command }) => ('task' in command ? [keyOf(command.task)] : [])));
}

/**
 * Whether an errand only tells a task's agent something, or shows its worktree. It must not stop an agent that outlived its
 * board, since the agent takes notes and answers by itself.
 */
export function isOnlyTold({ pid, commands }: Board, task: TaskId): boolean {
  const asked = [...commands.values()].flatMap((each) => ('request' in each ? [each.request.command] : []));
  const own = asked.filter((command) => 'task' in command && keyOf(command.task) === keyOf(task));
  return pid === noDaemon && own.length > 0 && own.every(({ kind }) => telling.includes(kind));
}

const telling: readonly Command['kind'][] = ['note', 'answer', 'choose', 'open'];

/** Whether a command is being read: it may be the one that pauses the board, or that cancels what would start now. */
export function isReadingCommands({ commands }: Board): boolean {
  return [...commands.values()].some(({ stage }) => stage === 'unread');
}

/** Whether a command is still to be settled. */
export function isAsked({ commands }: Board): boolean {
  return [...commands.values()].some(({ stage }) => stage !== 'passed-over');
}
