/** Settles a command: one line of the history, the same whichever way it came, and the answer to who asked. */
import type {
  Command,
  CommandAnswer,
  CommandId,
  CommandRequest,
  PendingCommand,
  TaskCommand,
  Way,
} from '../../domain/command.ts';
import { limits } from '../../domain/limits.ts';
import type { Draft } from '../draft.ts';

/** A command with who asked it; `id` is null for a move that the user made. */
export interface Asked {
  readonly id: CommandId | null;
  readonly by: Way;
  readonly command: Command;
}

/** See the file's head. */
export function settleCommand(draft: Draft, { id, by, command }: Asked, answer: CommandAnswer): void {
  const outcome = answer.kind === 'done' ? 'done' : answer.why;
  draft.journal({ type: 'command', id, by, command, outcome, said: answer.said });
  // Nobody waits for what the board asked by itself, so that the dashboard says why it could not be.
  if (by === 'dashboard' || (by === 'auto' && answer.kind === 'refused')) {
    const told = [...draft.board.boxAnswers, { at: draft.at, command, answer }];
    draft.set({ boxAnswers: told.slice(-limits.maxBoxAnswers) });
  }
  if (id === null) return;
  putCommand(draft, id, { stage: 'settled' });
  draft.emit({ type: 'settle-command', id, answer });
}

/** Refuses a command that does not fit its task as it is; `why` follows the task's id, `hint` is what to type instead. */
export function refuse(
  draft: Draft,
  request: Asked & { readonly command: TaskCommand },
  why: string,
  hint: string | null,
): void {
  const said = `${request.command.task} ${why}`;
  settleCommand(draft, request, { kind: 'refused', why: 'not-now', said, hint });
}

/** Forgets a command whose fact is gone. */
export function forgetCommand(draft: Draft, id: CommandId): void {
  const commands = new Map(draft.board.commands);
  if (commands.delete(id)) draft.set({ commands });
}

/** Keeps where a command stands. */
export function putCommand(draft: Draft, id: CommandId, pending: PendingCommand): void {
  draft.set({ commands: new Map(draft.board.commands).set(id, pending) });
}

/** A command that is being carried out, or undefined. */
export function findUnderWay(draft: Draft, id: CommandId): CommandRequest | undefined {
  const pending = draft.board.commands.get(id);
  return pending?.stage === 'under-way' ? pending.request : undefined;
}
