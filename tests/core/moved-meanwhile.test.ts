/** Files that are not where the last board left them: moved by the user, or by that board, which could not tell any more. */
import { expect, test } from 'vitest';
import type { HistoryEntry } from '../../src/domain/history.ts';
import { followPlace, type LastPlace } from '../../src/domain/last-place.ts';
import { keyOf, type Column, type TaskKey } from '../../src/domain/task.ts';
import type { TaskFacts } from '../../src/domain/task-facts.ts';
import { openReview } from '../../src/domain/review.ts';
import { emptyVerdict } from '../../src/core/make-verdict.ts';
import { fileIn, id, loadedIn, makeExit, makePlan, makeSpec, Scene, scanOf, start } from './scene.ts';

const a = id('a');

/** What the history tells of task `a`, line by line; each line is a moment later than the one before. */
type Line = 'accepted' | 'started' | `settled ${Column}` | `${'retry' | 'cancel' | 'put-aside'}: ${string}`;

function tellOf(lines: readonly Line[]): ReadonlyMap<TaskKey, LastPlace> {
  const places = new Map<TaskKey, LastPlace>();
  for (const [index, line] of lines.entries())
    followPlace(places, { ...entryOf(line), at: start + index } as HistoryEntry);
  return places;
}

function entryOf(line: Line): object {
  if (line === 'accepted') return { type: 'task-accepted', task: a };
  if (line === 'started') return { type: 'run-started', run: { task: a, n: 1 } };
  if (line.startsWith('settled')) return { type: 'task-settled', task: a, column: line.split(' ')[1] };
  const [kind, said] = line.split(': ');
  return { type: 'command', command: { kind, task: a }, outcome: 'done', said };
}

/** A board that starts after these lines, with the file in a column (null: it is gone), and what is known of the task. */
function startAfter(lines: readonly Line[], column: Column | null, facts: Partial<TaskFacts> = {}): Scene {
  const scene = new Scene({ maxParallel: 0 });
  scene.tell({ type: 'places-recalled', places: tellOf(lines) });
  scene.tell({ type: 'scanned', scan: scanOf(column === null ? {} : { [column]: ['a'] }) });
  const load = scene.effects.find((effect) => effect.type === 'load-task');
  if (load === undefined) return scene;
  const known = { ...loadedIn('queued', 'a').facts, ...facts };
  return scene.tell({
    type: 'task-loaded',
    loaded: { ...loadedIn('queued', 'a', { facts: known }), file: load.file, isGone: load.isGone },
  });
}

/** A verdict that was decided on so many lines after the first. */
function verdictIn(column: 'done' | 'attention' | 'archive', line: number): Partial<TaskFacts> {
  const spec = makeSpec({ id: a });
  const { past } = new Scene().queue({ id: 'a' }).task('a');
  return { verdict: { ...emptyVerdict({ at: start + line }, { id: a, spec, past }), column } };
}

const told = (scene: Scene) =>
  scene.journal.flatMap((entry) => (entry.type === 'command' ? [`${entry.command.kind} ${entry.said}`] : []));
const kinds = (scene: Scene) => scene.effects.map(({ type }) => type);

test('a file that the user moved is told as a move, and one that is where it was left is not', () => {
  expect(told(startAfter(['accepted'], 'attention'))).toEqual(['put-aside queued/ → attention/']);
  expect(told(startAfter(['accepted', 'settled attention'], 'queued'))).toEqual(['retry attention/ → queued/']);
  expect(told(startAfter(['accepted', 'settled done'], 'queued'))).toEqual(['retry done/ → queued/']);
  expect(told(startAfter(['accepted', 'put-aside: queued/ → attention/'], 'attention'))).toEqual([]);
  expect(told(startAfter([], 'queued'))).toEqual([]);
});

test('one that was put away is cancelled, with a verdict and the story in its file', () => {
  const scene = startAfter(['accepted'], 'archive');
  expect(told(scene)).toEqual(['cancel queued/ → archive/']);
  expect(kinds(scene)).toEqual(['write-verdict', 'tell-story', 'move-task']);
});

test('a cancellation that is told and was not settled is settled, and not told again', () => {
  const scene = startAfter(['accepted', 'cancel: queued/ → archive/'], 'archive');
  expect([told(scene), kinds(scene)]).toEqual([[], ['write-verdict', 'tell-story', 'move-task']]);
  // Its verdict is written before the story is told.
  const begun = startAfter(['accepted', 'cancel: queued/ → archive/'], 'archive', verdictIn('archive', 1));
  expect([told(begun), kinds(begun)]).toEqual([[], ['write-verdict', 'tell-story', 'move-task']]);
  expect(kinds(startAfter(['accepted', 'cancel: queued/ → archive/', 'settled archive'], 'archive'))).toEqual([]);
});

test('one that is gone is cancelled: its work is kept and its worktree goes', () => {
  const runs = [{ plan: makePlan({ task: a, n: 1 }), record: null }];
  const scene = startAfter(['accepted', 'started', 'settled attention'], null, { highestRun: 1, runs });
  expect(told(scene)).toEqual(['cancel deleted from attention/']);
  expect(kinds(scene)).toEqual(['keep-work', 'release-workspace']);
  expect(scene.board.live.size).toBe(0);
  expect(kinds(startAfter(['accepted', 'cancel: deleted from queued/'], null))).toEqual([]);
  expect(told(startAfter(['accepted', 'settled done'], null))).toEqual([]);
});

test('what the last board moved itself, and could not tell any more, is no move of the user', () => {
  const begun = ['accepted', 'started'] as const;
  expect(told(startAfter(begun, 'done', verdictIn('done', 2)))).toEqual([]);
  expect(told(startAfter(begun, 'attention', verdictIn('attention', 2)))).toEqual([]);
  const plan = makePlan({ task: a, n: 1 });
  const outcome = { kind: 'interrupted', detail: '', blame: 'nobody', pause: null, until: null } as const;
  const record = { version: 1, exit: makeExit(), evidence: null, outcome } as const;
  expect(told(startAfter(begun, 'queued', { highestRun: 1, runs: [{ plan, record }] }))).toEqual([]);
  expect(told(startAfter(['accepted'], 'active', { highestRun: 1, runs: [{ plan, record: null }] }))).toEqual([]);
  // That verdict is older than the retry.
  const again = ['accepted', 'settled attention', 'retry: attention/ → queued/'] as const;
  expect(told(startAfter(again, 'attention', verdictIn('attention', 1)))).toEqual(['put-aside queued/ → attention/']);
});

test('of two files of one name it is not guessed which was moved', () => {
  const scene = new Scene({ maxParallel: 0 });
  scene.tell({ type: 'places-recalled', places: tellOf(['accepted']) });
  scene.tell({ type: 'scanned', scan: scanOf({ attention: ['a'], done: ['a'] }) });
  expect(scene.board.left.size).toBe(0);
  expect(scene.board.finished.get(keyOf(a))?.file.column).toBe(fileIn('done', 'a').column);
});

test('a settled task that the user puts into active/ is tried again, also where its board died before that was settled', () => {
  const plan = makePlan({ task: a, n: 1 });
  const outcome = { kind: 'failed', fault: { reason: 'no-changes', detail: '' } } as const;
  const record = { version: 1, exit: makeExit(), evidence: null, outcome } as const;
  const ended = ['accepted', 'started', 'settled attention'] as const;
  const known = (column: 'attention' | 'done') => {
    const { verdict = null } = verdictIn(column, 2);
    const runs = [{ plan, record }];
    return { highestRun: 1, runs, review: openReview(1), verdict: verdict && { ...verdict, run: 1 } };
  };
  const moved = startAfter(ended, 'active', known('attention'));
  expect([told(moved), kinds(moved)]).toEqual([['retry attention/ → active/'], ['write-review', 'move-task']]);
  expect(moved.effects.at(-1)).toMatchObject({ to: 'queued' });
  const told1 = startAfter([...ended, 'retry: attention/ → active/'], 'active', known('attention'));
  expect([told(told1), kinds(told1)]).toEqual([[], ['write-review', 'move-task']]);
  const done = startAfter(['accepted', 'started', 'settled done'], 'active', known('done'));
  expect([told(done), kinds(done)]).toEqual([['retry done/ → active/'], ['write-review', 'move-task']]);
  // The board died before it had moved it to done/ itself.
  const own = startAfter(['accepted', 'started'], 'active', known('done'));
  expect([told(own), own.effects.at(-1)]).toEqual([[], expect.objectContaining({ type: 'move-task', to: 'done' })]);
});
