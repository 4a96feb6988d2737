/** Runs the user's `notify` command for what they may want to hear of, with the event in its environment. */
import type { HistoryEntry } from '../../domain/history.ts';
import type { Argv } from '../../domain/task.ts';

/** A notification that takes longer is ended: nobody waits for it. */
const notifyTimeoutMs = 30_000;

/** A notification as environment variables. */
interface Notification {
  readonly BRANCHBOARD_EVENT: string;
  readonly BRANCHBOARD_TASK: string;
  readonly BRANCHBOARD_DETAIL: string;
}

/** Tells of an entry by the command, if it is worth it. Never throws; `onTrouble` hears why a command failed. */
export async function notify(
  argv: Argv | null,
  entry: HistoryEntry,
  cwd: string,
  onTrouble: (message: string) => void,
): Promise<void> {
  const told = describe(entry);
  if (argv === null || told === null) return;
  const { execa } = await import('execa');
  const [program, ...args] = argv;
  const result = await execa(program, args, {
    cwd,
    env: { ...told },
    stdio: 'ignore',
    timeout: notifyTimeoutMs,
    reject: false,
  });
  if (result.failed) onTrouble(`notify: ${result.shortMessage}`);
}

/** Null for what is only progress. */
function describe(entry: HistoryEntry): Notification | null {
  switch (entry.type) {
    case 'task-settled':
      if (entry.column !== 'done' && entry.column !== 'attention') return null;
      return { BRANCHBOARD_EVENT: entry.column, BRANCHBOARD_TASK: entry.task, BRANCHBOARD_DETAIL: entry.detail };
    case 'held':
      return {
        BRANCHBOARD_EVENT: 'held',
        BRANCHBOARD_TASK: '',
        BRANCHBOARD_DETAIL: `${entry.reason}: ${entry.detail}`,
      };
    case 'board-stopped':
      if (entry.fault === undefined) return null;
      return { BRANCHBOARD_EVENT: 'stopped', BRANCHBOARD_TASK: '', BRANCHBOARD_DETAIL: entry.fault };
    default:
      return null;
  }
}
