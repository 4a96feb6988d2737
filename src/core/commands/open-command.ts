/** Has the worktree of a task's last run made again where it is gone, so that the user can look at the work there. */
import type { TaskFile } from '../../domain/board.ts';
import type { CommandRequest } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import type { TaskId } from '../../domain/task.ts';
import type { Draft } from '../draft.ts';
import { findUnfit } from './offers.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type OpenRequest = CommandRequest & { readonly command: { readonly kind: 'open'; readonly task: TaskId } };

/** Begins to make it; the worktree of an agent at work is there already. */
export function carryOutOpen(draft: Draft, request: OpenRequest, file: TaskFile): void {
  const { id, command } = request;
  const { task } = command;
  const unfit = findUnfit(command.kind, file.column, task);
  if (unfit !== null) refuse(draft, request, unfit.why, unfit.hint);
  else if (draft.task(task)?.state === 'active') {
    settleCommand(draft, request, { kind: 'done', said: 'its agent is at work in its worktree' });
  } else {
    putCommand(draft, id, { stage: 'under-way', request });
    draft.emit({ type: 'open-for-command', id, task, file });
  }
}

/** The worktree is there. */
export function handleCommandOpened(
  draft: Draft,
  { id, path }: BoardEvent & { readonly type: 'command-opened' },
): void {
  const request = findUnderWay(draft, id);
  if (request === undefined) return;
  settleCommand(draft, request, { kind: 'done', said: `its worktree is ${path}` });
}
