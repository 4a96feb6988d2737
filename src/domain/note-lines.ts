/** Lines of User Notes that are commands: exactly these words behind a task's name. All else is a note to its agent. */
import type { TaskCommand } from './command.ts';
import { parseTaskId, priorities, type TaskId } from './task.ts';

/** The command that a line asks for; `tip` is the commit that a finished task's branch is at, as far as it is known. */
export function readLine(task: TaskId, text: string, tip: string | null): TaskCommand {
  if (text === 'cancel' || text === 'retry') return { kind: text, task };
  if (text === 'merge')
    return { kind: 'merge', task, commit: tip ?? noCommit, target: null, way: 'merge', whatRuns: false };
  const priority = priorities.find((each) => text === `priority ${each}`);
  if (priority !== undefined) return { kind: 'set-priority', task, priority };
  const on = parseTaskId(/^after (\S+)$/.exec(text)?.[1] ?? '');
  return on === undefined ? { kind: 'note', task, text } : { kind: 'add-dependency', task, on };
}

/** The line that asks for a command, such as `@add-auth: priority high`; null for a kind that none asks for. */
export function formatLine(command: TaskCommand): string | null {
  switch (command.kind) {
    case 'note':
      return `@${command.task}: ${command.text}`;
    case 'set-priority':
      return `@${command.task}: priority ${command.priority}`;
    case 'add-dependency':
      return `@${command.task}: after ${command.on}`;
    case 'merge':
      return `@${command.task}: merge`;
    default:
      return null;
  }
}

/** Stands for a commit that is not known: no branch is at it. */
const noCommit = '0'.repeat(40);
