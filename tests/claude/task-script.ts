/** Words for scripts of whole tasks: what "the model" does in the worktree that the board's prompt names. */
import type { ApiRequest, Reply, ToolCall } from './messages-api.ts';

/** A request of one task's agent. */
export interface Ask extends ApiRequest {
  /** Turns of the model since the board's last prompt. */
  readonly turnSincePrompt: number;
  readonly task: string;
  /** Absolute path of the folder that the agent was told to work in. */
  readonly worktree: string;
  /** How many prompts the session has had, this one included: 1 in a fresh session. */
  readonly prompts: number;
}

/** What one task's agent replies. */
export type Part = (ask: Ask) => Reply | Promise<Reply>;

/**
 * A script for several tasks at once, each with a part of its own; who reviews the work of `a` has the part `a judged`. Throws,
 * which the run shows, for any other task.
 */
export function castParts(parts: Readonly<Record<string, Part>>): (request: ApiRequest) => Reply | Promise<Reply> {
  return (request) => {
    const task = /^You [^`\n]*the task `([^`]+)`/m.exec(request.text)?.[1] ?? '';
    const worktree = /^# Where you are\n\n`([^`]+)`/m.exec(request.text)?.[1] ?? '';
    const judged = /^You review the work of another agent on the task `([^`]+)`/m.exec(request.text)?.[1];
    const part = parts[judged === undefined ? task : `${judged} judged`];
    if (part === undefined || worktree === '') throw new Error(`no part for the task "${task}" in "${worktree}"`);
    const promptsAt = request.messages.flatMap(({ role, content }, at) =>
      role === 'user' && content.some(({ text = '' }) => boardPrompt.test(text)) ? [at] : [],
    );
    const later = request.messages.slice(promptsAt.at(-1));
    const turnSincePrompt = later.filter(({ role }) => role === 'assistant').length;
    return part({ ...request, task, worktree, prompts: promptsAt.length, turnSincePrompt });
  };
}

/** A session that was cut off among its tools is resumed with results and prompt in one message. */
const boardPrompt = /^(?:You |This goes on with )[^`\n]*the task `/m;

/** One step a turn, counted from the last prompt; the last one is repeated. */
export function inTurns(...steps: readonly ((ask: Ask) => Reply | Promise<Reply>)[]): Part {
  return (ask) => {
    const step = steps[Math.min(ask.turnSincePrompt, steps.length - 1)];
    if (step === undefined) throw new Error('a part without steps');
    return step(ask);
  };
}

/** One part for each prompt of a session, the first for the fresh one; the last is repeated. */
export function byPrompt(...parts: readonly Part[]): Part {
  return (ask) => {
    const part = parts[Math.min(ask.prompts, parts.length) - 1];
    if (part === undefined) throw new Error('no parts');
    return part(ask);
  };
}

/** Writes a new file of the worktree. */
export function write(name: string, content: string): (ask: Ask) => Reply {
  return ({ worktree }) => ({ tools: [{ name: 'Write', input: { file_path: `${worktree}/${name}`, content } }] });
}

/** Runs a command with the Bash tool. */
export function bash(command: string): () => Reply {
  return () => ({ tools: [{ name: 'Bash', input: { command } }] });
}

/** Commits all that is there. */
export function commit(message: string): () => Reply {
  return bash(`git add -A && git commit -m "${message}"`);
}

/** The structured result as a call, to be put beside other words. */
export function report(status: string, summary: string, more: Readonly<Record<string, unknown>> = {}): ToolCall {
  return { name: 'StructuredOutput', input: { status, summary, ...more } };
}

/** Ends well. */
export function finish(summary: string): () => Reply {
  return () => ({ say: summary, tools: [report('done', summary)] });
}

/** Writes one file, commits it and ends well: the shortest whole task. */
export function deliver(name: string, content: string): Part {
  return inTurns(write(name, content), commit(`add ${name}`), finish(`Added ${name}.`));
}
