/** The shape of a command, in its fact and over the control channel; `fact-shapes.ts` says what holds of all shapes. */
import * as z from 'zod/mini';
import { askingWays, parseCommandId, type CommandId } from '../../domain/command.ts';
import { mergeWays } from '../../domain/merge-request.ts';
import { columns, parseTaskId, priorities, type TaskId } from '../../domain/task.ts';

const text = z.string();
const flag = z.boolean();
const count = z.int().check(z.gte(0));
/** A task's id. */
export const taskId = z.custom<TaskId>((value) => typeof value === 'string' && parseTaskId(value) !== undefined);
/** A command's id. */
export const commandId = z.custom<CommandId>(
  (value) => typeof value === 'string' && parseCommandId(value) !== undefined,
);
/** What its asker saw. */
export const seen = z.nullable(z.object({ column: z.enum(columns), run: z.nullable(count) }));
const commit = z.string().check(z.regex(/^[0-9a-f]{40,64}$/));
/** What a command asks for. */
export const command = z.discriminatedUnion('kind', [
  z.object({
    kind: z.enum(['retry', 'requeue', 'cancel', 'put-aside', 'finish', 'open', 'take', 'hand-back']),
    task: taskId,
  }),
  z.object({ kind: z.enum(['tell', 'note']), task: taskId, text }),
  z.object({ kind: z.literal('answer'), task: taskId, question: z._default(z.nullable(text), null), text }),
  z.object({ kind: z.literal('choose'), task: taskId, question: z._default(z.nullable(text), null), option: count }),
  z.object({ kind: z.literal('set-priority'), task: taskId, priority: z.enum(priorities) }),
  z.object({ kind: z.literal('add-dependency'), task: taskId, on: taskId }),
  z.object({ kind: z.literal('send-back'), task: taskId, commit: z.nullable(commit), text }),
  z.object({
    ...{ kind: z.literal('merge'), task: taskId, commit, target: z._default(z.nullable(text), null) },
    ...{ way: z.enum(mergeWays), whatRuns: flag },
  }),
  z.object({
    kind: z.literal('accept'),
    task: taskId,
    only: z.readonly(z.array(text)),
    without: z.readonly(z.array(text)),
    said: z._default(z.readonly(z.array(z.object({ name: text, text }))), []),
  }),
  z.object({ kind: z.literal('pr'), task: taskId, commit, whatRuns: flag }),
  z.object({ kind: z.enum(['restack', 'discard']), task: taskId, commit }),
  z.object({ kind: z.enum(['pause', 'resume']) }),
  z.object({ kind: z.literal('stop'), pid: count }),
]);

/** A command as it comes over the control channel. */
export const askedShape = z.object({
  id: z.optional(commandId),
  command,
  by: z._default(z.enum(askingWays), 'cli'),
  seen: z.optional(seen),
});
