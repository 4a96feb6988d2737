/** What was asked of the files comes back: tasks that were met for the first time, or edited, and finished tasks' verdicts. */
import type { LoadedTask, TaskFile } from '../domain/board.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Verdict } from '../domain/verdict.ts';
import { idOfFile, keyOf, type TaskKey, type TaskSpec } from '../domain/task.ts';
import type { Draft } from './draft.ts';
import { placeOf } from './move.ts';
import { adoptTask } from './reconcile.ts';
import { journalAsks } from './granted-rights.ts';

/** A file met for the first time was read, with its facts. */
export function handleTaskLoaded(draft: Draft, loaded: LoadedTask): void {
  const { file } = loaded;
  stopLoading(draft, [placeOf(file)]);
  const id = idOfFile(file.name);
  if (id === null) return;
  const live = draft.task(id);
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
  for (const name of loaded.facts.damaged) {
    const note = `runs/${id}/${name} can't be understood and counts as missing`;
    draft.journal({ type: 'task-found', task: id, column: file.column, note });
  }
  adoptTask(draft, id, loaded);
}

/** A file that was to be loaded is no longer there. */
export function handleTaskVanished(draft: Draft, file: TaskFile): void {
  stopLoading(draft, [placeOf(file)]);
}

/** A file could not be loaded: it is asked for again at the next scan, and holds nobody else up until then. */
export function handleTaskUnread(draft: Draft, file: TaskFile, why: string): void {
  const place = placeOf(file);
  const isKnown = draft.board.unread.get(place) === why;
  stopLoading(draft, [place], isKnown);
  if (!isKnown) draft.set({ unread: new Map(draft.board.unread).set(place, why) });
}

/** Verdicts of finished tasks, asked for because a live task depends on them. */
export function handleVerdictsRead(draft: Draft, verdicts: ReadonlyMap<TaskKey, Verdict | null>): void {
  stopLoading(
    draft,
    [...verdicts.keys()].map((key) => `verdict/${key}`),
  );
  for (const [key, verdict] of verdicts) {
    const task = draft.board.finished.get(key);
    if (task !== undefined) draft.putFinished({ ...task, verdict });
  }
}

/** These are no longer being read; with `isUnread` they could not be, for the reason that is known already. */
export function stopLoading(draft: Draft, places: readonly string[], isUnread = false): void {
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
export function handleTaskRead(
  draft: Draft,
  file: TaskFile,
  spec: TaskSpec | null,
  diagnostics: readonly Diagnostic[],
): void {
  const id = idOfFile(file.name);
  const task = id === null ? undefined : draft.task(id);
  if (task === undefined || task.file.column !== file.column) return;
  const problems = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  if (diagnostics.length > 0) draft.journal({ type: 'task-changed', task: task.id, diagnostics });
  // The file's name is the id, whatever its frontmatter says since.
  const warnings = diagnostics.filter((diagnostic) => diagnostic.severity === 'warning');
  const known = { ...task, warnings, spec: spec === null ? task.spec : { ...spec, id: task.id } };
  draft.putTask(known.state === 'queued' ? { ...known, problems } : known);
  if (known.state === 'queued') journalAsks(draft, known.spec);
}
