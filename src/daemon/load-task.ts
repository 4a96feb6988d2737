/** Reads a task's file and facts when the board meets it for the first time, and asks what became of its last run. */
import type { LastRun, TaskFacts, TaskFile } from '../domain/board.ts';
import { parseTaskId } from '../domain/task.ts';
import type { AgentRunner, BoardFiles, ParseGuard, Worktrees } from '../ports.ts';
import type { News } from './untimed-event.ts';
import { parseTask } from './parse-task.ts';

/** What loading asks. */
export interface LoadPorts {
  readonly files: BoardFiles;
  readonly guard: ParseGuard;
  readonly agents: Pick<AgentRunner, 'recover'>;
  readonly worktrees: Pick<Worktrees, 'listMoved'>;
}

/** `task-loaded`, or `task-vanished` if the file is not there any more. */
export async function loadTask(ports: LoadPorts, file: TaskFile): Promise<News> {
  const id = parseTaskId(file.name.replace(/\.md$/, ''));
  const read = await ports.files.readTask(file);
  if (id === undefined || (!read.ok && read.failure.kind === 'changed')) return { type: 'task-vanished', file };
  const facts = await ports.files.readFacts(id);
  const lastRun = await recoverLastRun(ports, facts);
  if (!read.ok) {
    const diagnostics = read.failure.kind === 'refused' ? read.failure.diagnostics : [];
    return { type: 'task-loaded', loaded: { file, spec: null, diagnostics, facts, lastRun } };
  }
  const { value, diagnostics } = parseTask(ports.guard, read.value);
  return { type: 'task-loaded', loaded: { file: read.value.file, spec: value ?? null, diagnostics, facts, lastRun } };
}

async function recoverLastRun({ agents, worktrees }: LoadPorts, facts: TaskFacts): Promise<LastRun | null> {
  const last = facts.runs.at(-1);
  if (last === undefined || last.record !== null) return null;
  const found = await agents.recover(last.plan);
  if (found.kind !== 'dead') return found;
  return { ...found, exit: { ...found.exit, moved: await worktrees.listMoved(last.plan) } };
}
