/** Reads a task's file and facts when the board meets it for the first time, and finds out about its last run. */
import type { TaskFile } from '../domain/board.ts';
import type { LastRun } from '../domain/outside-answers.ts';
import { noFacts, type ReadVerdict, type TaskFacts } from '../domain/task-facts.ts';
import type { Effect } from '../domain/effect.ts';
import { idOfFile, parseTaskId, type TaskId, type TaskKey } from '../domain/task.ts';
import { NewerFactError, type AgentRunner, type BoardFiles, type Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';
import { hashOwnText, parseTask } from './parse-task.ts';

/** Dependencies of loading. */
export interface LoadPorts {
  readonly files: BoardFiles;
  readonly agents: Pick<AgentRunner, 'recover'>;
  readonly worktrees: Pick<Worktrees, 'listMoved'>;
}

/** `task-loaded`, or `task-vanished` if the file is not there any more. */
export async function loadTask(
  ports: LoadPorts,
  { file, isGone }: Pick<Effect & { readonly type: 'load-task' }, 'file' | 'isGone'>,
): Promise<UntimedEvent> {
  const id = parseTaskId(file.name.replace(/\.md$/, ''));
  const read = await ports.files.readTask(file);
  const isThere = read.ok || read.failure.kind !== 'changed';
  if (id === undefined || isThere === isGone) return { type: 'task-vanished', file };
  const parsed = read.ok ? parseTask(read.value) : null;
  const facts = await ports.files.readFacts(id);
  const lastRun = await recoverLastRun(ports, facts);
  if (parsed === null || !read.ok) {
    const diagnostics = !read.ok && read.failure.kind === 'refused' ? read.failure.diagnostics : [];
    return { type: 'task-loaded', loaded: { file, isGone, spec: null, diagnostics, facts, lastRun } };
  }
  const { value, diagnostics } = parsed;
  return {
    type: 'task-loaded',
    loaded: { file: read.value.file, isGone, spec: value ?? null, diagnostics, facts, lastRun },
  };
}

/** `task-read`: a known task's file that was edited; nothing where it is not there any more. */
export async function readTask(files: BoardFiles, file: TaskFile): Promise<readonly UntimedEvent[]> {
  const read = await files.readTask(file);
  if (!read.ok) {
    if (read.failure.kind === 'changed') return [];
    return [{ type: 'task-read', file, textHash: null, spec: null, diagnostics: read.failure.diagnostics }];
  }
  const { text, file: found } = read.value;
  const { value: spec = null, diagnostics } = parseTask(read.value);
  return [{ type: 'task-read', file: found, textHash: await hashOwnText(text), spec, diagnostics }];
}

/** Verdicts of finished tasks; of one that can't be read, what else is kept of the task. */
export async function readVerdicts(
  files: BoardFiles,
  tasks: ReadonlyMap<TaskKey, TaskFile>,
): Promise<ReadonlyMap<TaskKey, ReadVerdict>> {
  const read = [...tasks].map(async ([key, file]) => [key, await readVerdict(files, file)] as const);
  return new Map(await Promise.all(read));
}

async function readVerdict(files: BoardFiles, file: TaskFile): Promise<ReadVerdict> {
  const id = idOfFile(file.name);
  if (id === null) return { kind: 'missing', spec: null, facts: noFacts };
  const verdict = await files.readVerdict(id);
  if (verdict === 'newer') return { kind: 'newer' };
  if (verdict !== null && verdict !== 'damaged') {
    return { kind: 'known', verdict, review: await files.readReview(id) };
  }
  const facts = await readKnownFacts(files, id);
  if (facts === 'newer') return { kind: 'newer' };
  const text = facts.runs.length === 0 ? null : await files.readTask(file);
  const spec = text?.ok === true ? (parseTask(text.value).value ?? null) : null;
  return { kind: verdict ?? 'missing', spec, facts };
}

async function readKnownFacts(files: BoardFiles, id: TaskId): Promise<TaskFacts | 'newer'> {
  try {
    return await files.readFacts(id);
  } catch (error) {
    if (error instanceof NewerFactError) return 'newer';
    throw error;
  }
}

async function recoverLastRun({ agents, worktrees }: LoadPorts, facts: TaskFacts): Promise<LastRun | null> {
  const last = facts.runs.at(-1);
  if (last === undefined || last.record !== null) return null;
  const found = await agents.recover(last.plan);
  if (found.kind !== 'dead') return found;
  return { ...found, exit: { ...found.exit, moved: await worktrees.listMoved(last.plan) } };
}
