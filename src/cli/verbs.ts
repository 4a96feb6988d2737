/** The verbs with what the help says of each; a verb's file is loaded when it is called. */
import type { Verb } from './verb.ts';

/** One line of the help, and the verb behind it. */
export interface KnownVerb {
  /** The verb's name, then its arguments as commander writes them. */
  readonly usage: string;
  readonly description: string;
  readonly load: () => Promise<Verb>;
}

/** All verbs, in the order of the help. */
export const verbs: readonly KnownVerb[] = [
  {
    usage: 'init',
    description: 'make the board of this repository; safe to repeat',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    usage: 'start',
    description: 'run the board; Ctrl-C ends it and leaves its agents resumable',
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    usage: 'add <file...>',
    description: 'put tasks into the inbox: markdown files, or standard input with `-`',
    load: async () => (await import('./commands/add.ts')).addCommand,
  },
  {
    usage: 'status',
    description: 'show the board as it is now, running or not',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    usage: 'show <id>',
    description: 'show one task with its runs',
    load: async () => (await import('./commands/show.ts')).showCommand,
  },
  {
    usage: 'logs <id>',
    description: "show what a task's agent printed",
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    usage: 'retry <id>',
    description:
      'queue a task again that failed, was put aside, was cancelled or is done, perhaps with a word to its agent',
    load: async () => (await import('./commands/retry.ts')).retryCommand,
  },
  {
    usage: 'answer <id>',
    description: "answer a task's question, which queues it again",
    load: async () => (await import('./commands/answer.ts')).answerCommand,
  },
  {
    usage: 'grant <id>',
    description: 'give a task the rights that its file asks for: exactly these, and no others later',
    load: async () => (await import('./commands/grant.ts')).grantCommand,
  },
  {
    usage: 'cancel <id>',
    description: 'put a task into the archive; what its agent did is kept',
    load: async () => (await import('./commands/cancel.ts')).cancelCommand,
  },
  {
    usage: 'set-priority <id>',
    description: "write the priority into a task's file: high, normal or low",
    load: async () => (await import('./commands/edit.ts')).setPriorityCommand,
  },
  {
    usage: 'add-dependency <id>',
    description: 'have a task wait for another one',
    load: async () => (await import('./commands/edit.ts')).addDependencyCommand,
  },
  {
    usage: 'pause',
    description: 'start no more tasks; those that run go on',
    load: async () => (await import('./commands/pause.ts')).pauseCommand,
  },
  {
    usage: 'resume',
    description: 'start tasks again, also where a limit or a missing login held them',
    load: async () => (await import('./commands/pause.ts')).resumeCommand,
  },
  {
    usage: 'stop',
    description: 'end the board that runs here; its agents can be gone on with at the next start',
    load: async () => (await import('./commands/stop.ts')).stopCommand,
  },
  {
    usage: 'diff <id>',
    description: "show what a task's branch changes, through git and its pager",
    load: async () => (await import('./commands/diff.ts')).diffCommand,
  },
  {
    usage: 'rescue <id> [name]',
    description: "list what the board kept of a task's runs, and make a branch of what you name",
    load: async () => (await import('./commands/rescue.ts')).rescueCommand,
  },
  {
    usage: 'graph',
    description: 'print the dependency graph as Mermaid',
    load: async () => (await import('./commands/graph.ts')).graphCommand,
  },
  {
    usage: 'trust',
    description: 'show what commands and rights came with the repository, and take one yes for their content',
    load: async () => (await import('./commands/trust.ts')).trustCommand,
  },
  {
    usage: 'doctor',
    description: 'check git, the agent, login, permissions, disk and watch limits, and say how to mend each',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    usage: 'demo',
    description: 'watch the board at work in a scratch repository; no login, no network, no model',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  {
    usage: 'completion',
    description: 'print what makes bash, zsh or fish complete verbs, options and ids',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
];

/** What is typed to call a verb. */
export function nameOf({ usage }: KnownVerb): string {
  return usage.replace(/ .*/, '');
}
