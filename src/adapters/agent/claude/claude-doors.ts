/**
 * Shuts what Claude Code offers beyond working in a folder: a run works alone, in its worktree, until it ends. Each
 * door is shut by the name of its tool, or by a setting where others come in without one. A name or key that a version
 * doesn't know has no effect there.
 */

/** Tools that no run has, whatever is allowed. Sub-agents of a run have none of them either. */
export const closedTools: readonly string[] = [
  // To and from other sessions, people and machines, which are not part of the task.
  ...['SendMessage', 'ListAgents', 'RemoteTrigger', 'PushNotification', 'SendUserFile', 'SendUserMessage', 'Artifact'],
  // Work at another time: the run has ended by then, or does not end.
  ...['CronCreate', 'CronDelete', 'CronList', 'ScheduleWakeup', 'Monitor'],
  // Work in another place, or by dozens of agents.
  ...['EnterWorktree', 'ExitWorktree', 'Workflow'],
  // Nobody is there to choose: the board has a tool of its own for questions (`run-tools`).
  'AskUserQuestion',
];

const watchdog = 'CLAUDE_CODE_RETRY_WATCHDOG';

/**
 * Settings of every run, in Claude Code's terms. They stand above those of the user's home, who may want messages and
 * waiting in sessions of their own. `configured` is `agent.env`, which may still ask for the waiting.
 */
export function closeDoors(configured: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return {
    crossSessionInbound: 'refuse',
    disableRemoteControl: true,
    // With it an agent waits silently until a usage limit is over, where the board would hold all starts and go on by itself.
    env: { [watchdog]: configured[watchdog] ?? '0' },
  };
}
