import { describe, expect, it } from 'vitest';
import { chooseStarts, explainWaiting, isIdle, orderQueue } from '../../src/core/schedule.ts';
import { placeOf } from '../../src/domain/file-place.ts';
import type { Board, BoardScan } from '../../src/domain/board.ts';
import type { Hold } from '../../src/domain/hold.ts';
import { active, boardOf, finished, queued } from './boards.ts';

const now = 1_000;
const names = (tasks: readonly { readonly id: string }[]) => tasks.map((task) => task.id);
const holdUntil = (until: number): Hold => ({
  reason: 'overload',
  detail: '',
  since: 0,
  until,
  isTold: false,
  strikes: 1,
});
const emptyScan: BoardScan = {
  ...{
    inbox: new Map(),
    strays: new Map(),
    unsettled: new Map(),
    commands: [],
    grants: new Map(),
  },
  columns: { queued: new Map(), active: new Map(), attention: new Map(), done: new Map(), archive: new Map() },
};

describe('orderQueue', () => {
  it('puts priority before the length of the chain behind a task, and that before age', () => {
    const { live } = boardOf([
      queued('young', [], {}, 20),
      queued('old', [], {}, 10),
      queued('low', [], { priority: 'low' }, 1),
      queued('root', [], {}, 30),
      queued('leaf', ['root'], {}, 5),
      queued('urgent', [], { priority: 'high' }, 40),
    ]);
    expect(names(orderQueue(live))).toEqual(['urgent', 'root', 'leaf', 'old', 'young', 'low']);
  });
});

describe('chooseStarts', () => {
  it('fills the free slots with tasks whose dependencies are done', () => {
    const board = boardOf([
      active('at-work'),
      finished('done', 'done'),
      queued('a', ['done']),
      queued('b', ['a']),
      queued('c'),
      queued('d'),
    ]);
    expect(names(chooseStarts(board, now))).toEqual(['a', 'c']);
  });

  it.each<[string, Partial<Board>]>([
    ['the user paused the board', { userPaused: true }],
    ['the board is ending', { shutdown: 'asked' }],
    ['files are still being read', { loading: new Set([placeOf({ column: 'queued', name: 'x.md' })]) }],
    [
      'a dropped file is being read',
      {
        inbox: new Map([
          [
            'x.md',
            {
              path: 'x.md',
              identity: { inode: 1, size: 1, mtimeMs: 1 },
              diagnostics: null,
              failures: 0,
              retryAt: null,
            },
          ],
        ]),
      },
    ],
    ['a hold lasts', { hold: holdUntil(now + 1) }],
  ])('starts nothing while %s', (_, more) => {
    expect(chooseStarts(boardOf([queued('a')], more), now)).toEqual([]);
  });

  it('starts one probe when a hold is over, and no second one beside it', () => {
    const hold = holdUntil(now);
    expect(names(chooseStarts(boardOf([queued('a'), queued('b')], { hold }), now))).toEqual(['a']);
    expect(chooseStarts(boardOf([active('probe'), queued('b')], { hold }), now)).toEqual([]);
  });
});

describe('tasks that change the same files', () => {
  const touching = (id: string, ...touches: readonly string[]) => queued(id, [], { touches });
  const atWork = { ...active('at-work'), spec: touching('at-work', 'src/api/**').spec };

  it('are not started at once, and the next one takes the slot', () => {
    const board = boardOf([
      touching('a', 'src/*.ts', 'docs/a.md'),
      touching('b', 'src/b.ts'),
      touching('c', 'docs/b.md'),
      queued('d'),
    ]);
    expect(names(chooseStarts({ ...board, settings: { ...board.settings, maxParallel: 3 } }, now))).toEqual([
      'a',
      'c',
      'd',
    ]);
  });

  it('wait for the one at work, and say so', () => {
    const board = boardOf([atWork, touching('a', 'src/api/users.ts'), touching('b', 'src/app.ts')]);
    expect(names(chooseStarts(board, now))).toEqual(['b']);
    expect(explainWaiting(board, touching('a', './src/api'), now, 0)).toEqual({ kind: 'collision', with: 'at-work' });
  });
});

describe('explainWaiting', () => {
  it('says what the task itself lacks before what the board lacks', () => {
    const task = queued('x', ['missing']);
    const board = boardOf([task], { userPaused: true });
    expect(explainWaiting(board, task, now, 0)).toEqual({
      kind: 'dependencies',
      on: [{ id: 'missing', why: 'unknown' }],
    });
    expect(explainWaiting(boardOf([queued('y')], { userPaused: true }), queued('y'), now, 0)).toEqual({
      kind: 'paused',
    });
  });
});

describe('isIdle', () => {
  const scanned = { scan: emptyScan };
  it('is false before the first scan, while a file settles, and while a task could start or works', () => {
    expect(isIdle(boardOf([]), now)).toBe(false);
    expect(isIdle(boardOf([], { scan: { ...emptyScan, unsettled: new Map([['inbox/a.md', 2_000]]) } }), now)).toBe(
      false,
    );
    expect(isIdle(boardOf([queued('a')], scanned), now)).toBe(false);
    expect(isIdle(boardOf([active('a')], scanned), now)).toBe(false);
  });

  it('is true once all that is left waits for the user', () => {
    expect(isIdle(boardOf([], scanned), now)).toBe(true);
    expect(isIdle(boardOf([queued('a', ['missing'])], scanned), now)).toBe(true);
    expect(isIdle(boardOf([queued('a')], { ...scanned, userPaused: true }), now)).toBe(true);
  });

  it('waits for a limit to lift, but not for a login', () => {
    const limited = { ...holdUntil(now + 60_000), reason: 'usage-limit' } as const;
    expect(isIdle(boardOf([queued('a')], { ...scanned, hold: limited }), now)).toBe(false);
    expect(isIdle(boardOf([queued('a')], { ...scanned, hold: { ...limited, reason: 'auth' } }), now)).toBe(true);
  });
});
