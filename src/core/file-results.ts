/** Handles results of file reads: new tasks, edited tasks, verdicts of finished tasks. */
import { isUnseen, type FinishedTask, type Task, type TaskFile } from '../domain/board.ts';
import { type TaskPast } from '../domain/task-past.ts';
import type { BoardEvent } from '../domain/event.ts';
import type { LoadedTask } from '../domain/outside-answers.ts';
import { limits } from '../domain/limits.ts';
import { placeOf, type Place } from '../domain/file-place.ts';
import type { Verdict } from '../domain/verdict.ts';
import { verdictName, type ReadVerdict, type TaskFacts } from '../domain/task-facts.ts';
import { idOfFile, keyOf, type TaskId, type TaskKey } from '../domain/task.ts';
import type { Draft } from './draft.ts';
import { recallReview } from './review-states.ts';
import { adoptTask, remakeVerdict } from './reconcile.ts';
import { journalAsks } from './granted-rights.ts';
import { describeUnseen } from './make-verdict.ts';

/** A file met for the first time was read, with its facts. */
export function handleTaskLoaded(draft: Draft, loaded: LoadedTask): void {
  const { file } = loaded;
  stopLoading(draft, [placeOf(file)]);
  const id = idOfFile(file.name);
  if (id === null) return;
  const live = draft.task(id);
  if (loaded.isGone && live !== undefined) return;
  const finished = draft.board.finished.get(keyOf(id));
  if (live !== undefined) {
    if (live.file.column !== file.column) draft.emit({ type: 'set-aside', task: id, file, keeper: live.file });
    return;
  }
  // One that an agent is on counts, wherever its namesake is.
  if (finished?.file.column === 'done' && loaded.lastRun?.kind !== 'alive') {
    draft.emit({ type: 'set-aside', task: id, file, keeper: finished.file });
    return;
  }
  draft.removeFinished(id);
  const facts = recallVerdict(draft, id, loaded);
  for (const name of facts.damaged) {
    const note = `runs/${id}/${name} can't be understood and counts as missing`;
    draft.journal({ type: 'task-found', task: id, column: file.column, note });
  }
  adoptTask(draft, id, { ...loaded, facts });
  const moved = draft.board.finished.get(keyOf(id));
  if (moved?.file.column === 'done' && moved.verdict === undefined) readVerdicts(draft, [moved]);
}

/** The facts of a task that waits for its user, with the verdict that says why, made again where that can't be read. */
function recallVerdict(draft: Draft, id: TaskId, { file, isGone, spec, facts, lastRun }: LoadedTask): TaskFacts {
  if (isGone || file.column !== 'attention' || facts.verdict !== null || lastRun?.kind === 'alive') return facts;
  const verdict = remakeVerdict(draft.board, id, spec, facts);
  if (verdict?.column !== 'attention') return facts;
  const damaged = facts.damaged.filter((name) => name !== verdictName);
  writeAgain(draft, id, file, verdict, damaged.length < facts.damaged.length ? 'damaged' : 'missing');
  return { ...facts, damaged, verdict };
}

/** A file that was to be loaded is no longer there. */
export function handleTaskVanished(draft: Draft, file: TaskFile): void {
  stopLoading(draft, [placeOf(file)]);
}

/** Notes a file that could not be loaded: the next scan asks for it again, and until then it holds nobody else up. */
export function handleTaskUnread(draft: Draft, file: TaskFile, why: string): void {
  const place = placeOf(file);
  const known = draft.board.unread.get(place);
  const failures = known?.why === why ? known.failures + 1 : 1;
  const isCounted = failures <= limits.maxQuickRetries;
  stopLoading(draft, [place], !isCounted);
  if (isCounted) draft.set({ unread: new Map(draft.board.unread).set(place, { file, why, failures }) });
}

/** Asks for the verdicts of these finished tasks, each once. */
export function readVerdicts(draft: Draft, tasks: readonly FinishedTask[]): void {
  const { readingVerdicts } = draft.board;
  const wanted = tasks.filter(({ id }) => !readingVerdicts.has(keyOf(id)));
  if (wanted.length === 0) return;
  const asked = new Map(wanted.map(({ id, file }) => [keyOf(id), file]));
  draft.set({ readingVerdicts: new Set([...readingVerdicts, ...asked.keys()]) });
  draft.emit({ type: 'read-verdicts', tasks: asked });
}

/** Verdicts of finished tasks, which are shown or which a live task depends on. */
export function handleVerdictsRead(draft: Draft, verdicts: ReadonlyMap<TaskKey, ReadVerdict>): void {
  const { readingVerdicts } = draft.board;
  draft.set({ readingVerdicts: new Set([...readingVerdicts].filter((key) => !verdicts.has(key))) });
  for (const [key, read] of verdicts) {
    const task = draft.board.finished.get(key);
    if (task === undefined) continue;
    const verdict = settleVerdict(draft, task, read);
    draft.putFinished({ ...task, verdict, review: recallReview(draft, task, verdict, read) });
  }
}

/** Stores the verdict of a finished task. One rebuilt from its other facts is as good, and is written again. */
function settleVerdict(draft: Draft, { id, file }: FinishedTask, read: ReadVerdict): FinishedTask['verdict'] {
  if (read.kind === 'known') return read.verdict;
  if (read.kind === 'newer') return 'newer';
  // Of an archived task its last run does not tell whether it was cancelled since.
  const remade = file.column === 'done' ? remakeVerdict(draft.board, id, read.spec, read.facts) : null;
  if (remade?.column === 'done') return writeAgain(draft, id, file, remade, read.kind);
  if (read.kind === 'missing') return null;
  draft.journal({ type: 'task-found', task: id, column: file.column, note: describeDamage(id) });
  return 'damaged';
}

/** Keeps a verdict that was made again, and tells so. The file that can't be understood stays beside it. */
function writeAgain(
  draft: Draft,
  id: TaskId,
  { column }: TaskFile,
  verdict: Verdict,
  was: 'missing' | 'damaged',
): Verdict {
  const run = `run ${String(verdict.run)}`;
  const note =
    was === 'missing'
      ? `runs/${id}/verdict.json was gone and was made again from ${run}`
      : `runs/${id}/verdict.json can't be understood and was made again from ${run}; the old file is kept beside it`;
  draft.journal({ type: 'task-found', task: id, column, note });
  draft.emit({ type: 'write-verdict', task: id, verdict });
  return verdict;
}

function describeDamage(id: TaskId): string {
  return `runs/${id}/verdict.json can't be understood, and its last run does not tell what became of it`;
}

/** These are no longer being read; with `isUnread` they could not be, for the reason that is known already. */
export function stopLoading(draft: Draft, places: readonly Place[], isUnread = false): void {
  if (places.length === 0) return;
  const loading = new Set(draft.board.loading);
  for (const place of places) loading.delete(place);
  draft.set({ loading });
  if (isUnread || !places.some((place) => draft.board.unread.has(place))) return;
  const unread = new Map(draft.board.unread);
  for (const place of places) unread.delete(place);
  draft.set({ unread });
}

/** A known file that was edited was read again. */
export function handleTaskRead(draft: Draft, read: BoardEvent & { readonly type: 'task-read' }): void {
  const { file, spec, diagnostics } = read;
  const id = idOfFile(file.name);
  const task = id === null ? undefined : draft.task(id);
  if (task === undefined || task.file.column !== file.column) return;
  const problems = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  if (diagnostics.length > 0) draft.journal({ type: 'task-changed', task: task.id, diagnostics });
  // The file's name is the id, whatever its frontmatter says since.
  const warnings = diagnostics.filter((diagnostic) => diagnostic.severity === 'warning');
  const past = noteUnseen(draft, task, read.textHash);
  const known = { ...task, past, warnings, spec: spec === null ? task.spec : { ...spec, id: task.id } };
  draft.putTask(known.state === 'queued' ? { ...known, problems } : known);
  if (known.state === 'queued') journalAsks(draft, known.spec);
}

/** The task's past, which tells whether the run that is under way began from another text; that is told once. */
function noteUnseen(draft: Draft, task: Task, textHash: string | null): TaskPast {
  const { past } = task;
  if (task.state !== 'active' || !('plan' in task.phase) || textHash === null) return past;
  const { plan } = task.phase;
  if (textHash === plan.taskHash) return { ...past, unseenBy: null };
  if (!isUnseen(past, plan)) {
    const run = { task: task.id, n: plan.n };
    draft.journal({ type: 'run-warned', run, warnings: [describeUnseen(task.id, plan)] });
  }
  return { ...past, unseenBy: plan.n };
}
