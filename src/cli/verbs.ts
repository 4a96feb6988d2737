/** The verbs with what the help says of each; a verb's file is loaded when it is called. */
import type { Verb } from './verb.ts';

/** The groups of the help with their headings, in its order. */
export const verbGroups = {
  begin: 'Begin:',
  watch: 'Watch:',
  decide: 'Decide:',
  board: 'The board itself:',
  more: 'More:',
} as const;

/** One line of the help, and the verb behind it. */
export interface KnownVerb {
  /** The verb's name, then its arguments as commander writes them. */
  readonly usage: string;
  readonly group: keyof typeof verbGroups;
  readonly description: string;
  readonly load: () => Promise<Verb>;
}

/** All verbs, in the order of the help. */
export const verbs: readonly KnownVerb[] = [
  {
    usage: 'init',
    group: 'begin',
    description: 'make the board of this repository; safe to repeat',
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
  {
    usage: 'doctor',
    group: 'begin',
    description: 'check git, the agent, login, permissions, disk and watch limits, and say how to mend each',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    usage: 'add <file...>',
    group: 'begin',
    description: 'put tasks into the inbox: a sentence in quotes, markdown files, or standard input with `-`',
    load: async () => (await import('./commands/add.ts')).addCommand,
  },
  {
    usage: 'start',
    group: 'begin',
    description: 'run the board; Ctrl-C ends it and leaves its agents resumable',
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    usage: 'demo',
    group: 'begin',
    description: 'watch the board at work in a scratch repository; no login, no network, no model',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  {
    usage: 'status',
    group: 'watch',
    description: 'show the board as it is now, running or not',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    usage: 'show <id>',
    group: 'watch',
    description: 'show one task with its runs',
    load: async () => (await import('./commands/show.ts')).showCommand,
  },
  {
    usage: 'logs <id>',
    group: 'watch',
    description: "show what a task's agent printed",
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    usage: 'graph',
    group: 'watch',
    description: 'print the dependency graph as Mermaid',
    load: async () => (await import('./commands/graph.ts')).graphCommand,
  },
  {
    usage: 'stats',
    group: 'watch',
    description: 'sum up what tasks cost, took and how often they came back, by role and by week',
    load: async () => (await import('./commands/stats.ts')).statsCommand,
  },
  {
    usage: 'diff <id>',
    group: 'decide',
    description: "show what a task's branch changes, through git and its pager",
    load: async () => (await import('./commands/diff.ts')).diffCommand,
  },
  {
    usage: 'open <id>',
    group: 'decide',
    description: "open a task's worktree in your editor; one that is gone is made again",
    load: async () => (await import('./commands/open.ts')).openCommand,
  },
  {
    usage: 'take <id>',
    group: 'decide',
    description: 'take a task over: its agent ends, and you go on in its session and its worktree, then hand it back',
    load: async () => (await import('./commands/take.ts')).takeCommand,
  },
  {
    usage: 'hand-back <id>',
    group: 'decide',
    description: 'say that the work in the worktree of a task that waits is done; it is checked as after a run',
    load: async () => (await import('./commands/hand-back.ts')).handBackCommand,
  },
  {
    usage: 'merge [id]',
    group: 'decide',
    description: "merge a task's branch into the one that tasks start from, once its checks pass on the result",
    load: async () => (await import('./commands/merge.ts')).mergeCommand,
  },
  {
    usage: 'pr <id>',
    group: 'decide',
    description: "push a finished task's branch and open its pull request with gh, or bring that up to date",
    load: async () => (await import('./commands/pr.ts')).prCommand,
  },
  {
    usage: 'discard <id>',
    group: 'decide',
    description: "put a finished task's work away; its commits are kept, and it can be undone",
    load: async () => (await import('./commands/discard.ts')).discardCommand,
  },
  {
    usage: 'restack <id>',
    group: 'decide',
    description: "make a finished task's commits again on its dependencies as they are now, once its checks pass there",
    load: async () => (await import('./commands/restack.ts')).restackCommand,
  },
  {
    usage: 'review <id>',
    group: 'decide',
    description: "write a task's diff into a file, for your comments between its lines",
    load: async () => (await import('./commands/review-work.ts')).reviewCommand,
  },
  {
    usage: 'send-back <id>',
    group: 'decide',
    description: "say what is wrong with a finished task's work, or send the comments of `review`; its agent goes on",
    load: async () => (await import('./commands/send-back.ts')).sendBackCommand,
  },
  {
    usage: 'retry <id>',
    group: 'decide',
    description: 'queue a task again that failed, was put aside, was cancelled or is done, with a word to its agent',
    load: async () => (await import('./commands/retry.ts')).retryCommand,
  },
  {
    usage: 'answer <id>',
    group: 'decide',
    description: "answer a task's question; one that was stopped by it is queued again",
    load: async () => (await import('./commands/answer.ts')).answerCommand,
  },
  {
    usage: 'note <id>',
    group: 'decide',
    description: "tell a task's agent something while it works, or when it starts",
    load: async () => (await import('./commands/note.ts')).noteCommand,
  },
  {
    usage: 'accept <id>',
    group: 'decide',
    description: "make tasks of what a task's agent proposes",
    load: async () => (await import('./commands/accept.ts')).acceptCommand,
  },
  {
    usage: 'cancel <id>',
    group: 'decide',
    description: 'put a task into the archive; what its agent did is kept',
    load: async () => (await import('./commands/cancel.ts')).cancelCommand,
  },
  {
    usage: 'grant <id>',
    group: 'decide',
    description: 'give a task the rights that its file asks for: exactly these, and no others later',
    load: async () => (await import('./commands/grant.ts')).grantCommand,
  },
  {
    usage: 'trust',
    group: 'decide',
    description: 'show what commands and rights came with the repository, and take one yes for their content',
    load: async () => (await import('./commands/trust.ts')).trustCommand,
  },
  {
    usage: 'set-priority <id>',
    group: 'decide',
    description: "write the priority into a task's file: high, normal or low",
    load: async () => (await import('./commands/edit.ts')).setPriorityCommand,
  },
  {
    usage: 'add-dependency <id>',
    group: 'decide',
    description: 'have a task wait for another one',
    load: async () => (await import('./commands/edit.ts')).addDependencyCommand,
  },
  {
    usage: 'pause',
    group: 'board',
    description: 'start no more tasks; those that run go on',
    load: async () => (await import('./commands/pause.ts')).pauseCommand,
  },
  {
    usage: 'resume',
    group: 'board',
    description: 'start tasks again, also where a limit or a missing login held them',
    load: async () => (await import('./commands/pause.ts')).resumeCommand,
  },
  {
    usage: 'stop',
    group: 'board',
    description: "end the board that runs here; the next start goes on with its agents' sessions",
    load: async () => (await import('./commands/stop.ts')).stopCommand,
  },
  {
    usage: 'roles [action] [name]',
    group: 'more',
    description: 'show the roles that tasks may name; `show NAME --task ID` prints the prompt that a task would get',
    load: async () => (await import('./commands/roles.ts')).rolesCommand,
  },
  {
    usage: 'rescue <id> [name]',
    group: 'more',
    description: "list what the board kept of a task's runs, and make a branch of what you name",
    load: async () => (await import('./commands/rescue.ts')).rescueCommand,
  },
  {
    usage: 'mcp',
    group: 'more',
    description: 'serve the board as tools for a Claude Code session (MCP over standard input and output)',
    load: async () => (await import('./commands/mcp.ts')).mcpCommand,
  },
  {
    usage: 'completion',
    group: 'more',
    description: 'print what makes bash, zsh or fish complete verbs, options and ids',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
];

/** What is typed to call a verb. */
export function nameOf({ usage }: KnownVerb): string {
  return usage.replace(/ .*/, '');
}
