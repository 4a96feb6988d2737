/**
 * The tools of the MCP server: each is a verb of the command line, with its words. Ids are checked, and texts go to the verb's
 * standard input, so that nothing that somebody wrote is taken for an option. Descriptions are constant: no text of a task or
 * an agent stands in them.
 */
import { z } from 'zod';
import { mergeWays } from '../domain/merge-request.ts';

/** A verb with its arguments, and what it reads on standard input. */
export interface VerbCall {
  readonly args: readonly string[];
  readonly stdin?: string;
}

/** One tool. */
export interface BoardTool {
  readonly name: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /** `looks` changes nothing; `ends` undoes or ends something, or can't be undone. */
  readonly does: 'looks' | 'adds' | 'ends';
  /** Makes the call of a checked input. */
  readonly call: (input: Readonly<Record<string, unknown>>) => VerbCall;
}

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .describe('the id of a task, as status prints it');
const commit = z
  .string()
  .regex(/^[0-9a-f]{7,64}$/)
  .describe("the commit that the task's branch is at, as diff told it");
const text = (what: string) => z.string().min(1).describe(what);

/** Checks the call's input by the tool's own shape, so that `make` gets it typed. */
function tool<Shape extends z.ZodRawShape>(
  name: string,
  does: BoardTool['does'],
  description: string,
  shape: Shape,
  make: (input: z.output<z.ZodObject<Shape>>) => VerbCall,
): BoardTool {
  const input = z.object(shape);
  return { name, does, description, input, call: (given) => make(input.parse(given)) };
}

/** Calls a verb that says a text to a task, or nothing; the text goes by standard input. */
const sayBy =
  (verb: string) =>
  ({ id, text }: { readonly id: string; readonly text?: string | undefined }): VerbCall =>
    text === undefined ? { args: [verb, id] } : { args: [verb, id, '-'], stdin: text };

const addDescription =
  'Queue one task. Its text is the whole instruction of an agent that knows nothing of this conversation: say what to do and name paths instead of pasting contents. Fewer and larger tasks are better. Returns at once; the board starts it when it can.';

/** All tools that call a verb. */
export const boardTools: readonly BoardTool[] = [
  tool(
    'status',
    'looks',
    'How the board stands now: every task with its column, what it waits for and what it needs.',
    {},
    () => ({
      args: ['status'],
    }),
  ),
  tool(
    'show',
    'looks',
    'One task with its runs, its question or fault, its checks, and what can be asked of it.',
    { id },
    (input) => ({
      args: ['show', input.id],
    }),
  ),
  tool('logs', 'looks', "The end of what a task's agent printed in its last run.", { id }, (input) => ({
    args: ['logs', input.id],
  })),
  tool(
    'diff',
    'looks',
    "What a task's branch changes. Its files say how much; the whole is cut where it is long.",
    { id, stat: z.boolean().optional().describe('only the files and how much of each') },
    (input) => ({ args: ['diff', input.id, ...(input.stat === true ? ['--stat'] : [])] }),
  ),
  tool(
    'add',
    'adds',
    addDescription,
    {
      text: text('the task in markdown'),
      title: z.string().min(1).max(120).optional(),
      agent: id.optional().describe('the role that does it, such as backend-developer'),
      after: z.array(id).max(32).optional().describe('tasks that must be done before'),
      priority: z.enum(['high', 'normal', 'low']).optional(),
    },
    (input) => ({
      args: [
        ...['add', '-'],
        ...(input.title === undefined ? [] : [`--title=${input.title}`]),
        ...(input.agent === undefined ? [] : [`--agent=${input.agent}`]),
        ...(input.priority === undefined ? [] : [`--priority=${input.priority}`]),
        ...(input.after ?? []).map((each) => `--after=${each}`),
      ],
      stdin: input.text,
    }),
  ),
  tool(
    'answer',
    'adds',
    'Answer the question of a task, in the words of the user. An agent that waits for it goes on; a task that was set aside is queued again.',
    { id, text: text('the answer') },
    sayBy('answer'),
  ),
  tool(
    'note',
    'adds',
    "Tell a task's agent something while it works, or before it starts. For a task that is done it waits until send_back or retry.",
    { id, text: text('the note') },
    sayBy('note'),
  ),
  tool(
    'retry',
    'adds',
    'Queue a task again that failed or was cancelled, with what its agent is to be told.',
    { id, text: text('what is to be different').optional() },
    sayBy('retry'),
  ),
  tool(
    'review',
    'adds',
    'Write what a finished task changes into a file in which the user comments between the lines, and tell its path. The comments go to the agent with send_back.',
    { id },
    (input) => ({ args: ['review', input.id] }),
  ),
  tool(
    'send_back',
    'adds',
    'Send the work of a finished task back to its agent with what is wrong: in words, in the comments that the user wrote into the file of review, or both.',
    { id, text: text('what is wrong; without it the comments, or notes that wait, go alone').optional() },
    sayBy('send-back'),
  ),
  tool(
    'accept',
    'adds',
    "Make tasks of what a task's agent proposes, as show lists it. Only when the user asks for it.",
    {
      id,
      names: z.array(id).max(32).optional().describe('only these; all of them where none is named'),
      without: z.array(id).max(32).optional().describe('leave these out'),
    },
    ({ id: task, names = [], without = [] }) => ({
      args: ['accept', task, ...names, ...without.map((each) => `--without=${each}`)],
    }),
  ),
  tool('cancel', 'ends', 'Cancel a task. Its agent is stopped; its work is kept on its branch.', { id }, (input) => ({
    args: ['cancel', input.id],
  })),
  tool(
    'merge',
    'ends',
    'Merge the work of a finished task into the branch that tasks start from. Only when the user asks for it, and only the commit that was looked at.',
    {
      id,
      commit,
      way: z
        .enum(mergeWays)
        .optional()
        .describe("squash: as one commit; rebase: the branch's own commits, one by one on top; default: merge"),
      what_runs: z.boolean().optional().describe('the user knows that the work changes what runs on their machine'),
    },
    (input) => ({
      args: [
        ...['merge', input.id, `--commit=${input.commit}`],
        ...(input.way === undefined || input.way === 'merge' ? [] : [`--${input.way}`]),
        ...(input.what_runs === true ? ['--what-runs'] : []),
      ],
    }),
  ),
  tool(
    'restack',
    'adds',
    'Make the commits of a finished task again on the work that it builds on as that is now, where the board says that this changed. The commits before are kept.',
    { id, commit },
    (input) => ({ args: ['restack', input.id, `--commit=${input.commit}`] }),
  ),
  tool(
    'discard',
    'ends',
    'Put the work of a finished task away with its branch. Only when the user asks for it, and only the commit that was looked at. It can be undone.',
    { id, commit },
    (input) => ({ args: ['discard', input.id, `--commit=${input.commit}`] }),
  ),
  tool('pause', 'adds', 'Start no more tasks; those that run go on.', {}, () => ({ args: ['pause'] })),
  tool('resume', 'adds', 'Start tasks again.', {}, () => ({ args: ['resume'] })),
];
