import { describe, expect, it } from 'vitest';
import { Caretaker } from '../../src/daemon/caretaker.ts';
import type { HistoryEntry } from '../../src/domain/history.ts';
import { PortError } from '../../src/ports.ts';
import type { TaskFile } from '../../src/domain/board.ts';
import type { Column } from '../../src/domain/task.ts';
import { fileIn, id, makePlan } from '../core/scene.ts';

/** A caretaker whose git fails so; what it tells goes into `told`. */
function failing(code: string | null) {
  const told: HistoryEntry[] = [];
  const ports = {
    clock: { now: () => 7 },
    worktrees: { keep: () => Promise.reject(new PortError('git failed', code === null ? {} : { code })) },
    journal: { append: (entry: HistoryEntry) => Promise.resolve(void told.push(entry)) },
    redact: (text: string) => text,
  };
  return { caretaker: new Caretaker(ports as unknown as ConstructorParameters<typeof Caretaker>[0]), told };
}

/** A caretaker of files by their paths. The user does `meddle` when the board finds that a name is taken. */
function caringFor(paths: readonly string[], meddle: (files: Set<string>) => void = () => undefined) {
  const files = new Set(paths);
  const move = ({ column, name, identity }: TaskFile, to: Column) => {
    if (files.has(`${to}/${name}`)) {
      meddle(files);
      return Promise.reject(new PortError('it is there already', { code: 'EEXIST' }));
    }
    if (!files.delete(`${column}/${name}`)) return Promise.reject(new PortError('it is gone', { code: 'ENOENT' }));
    files.add(`${to}/${name}`);
    return Promise.resolve({ column: to, name, identity });
  };
  const setAside = (file: TaskFile, keeper: TaskFile) =>
    files.has(`${file.column}/${file.name}`) && files.has(`${keeper.column}/${keeper.name}`)
      ? move(file, 'archive')
      : Promise.resolve(null);
  const ports = {
    clock: { now: () => 7 },
    files: { moveTask: move, setAside },
    journal: { append: () => Promise.resolve() },
  };
  return { caretaker: new Caretaker(ports as unknown as ConstructorParameters<typeof Caretaker>[0]), files };
}

describe('a move to where a second file of that name is', () => {
  const begin = { type: 'move-task', task: id('a'), file: fileIn('queued', 'a'), to: 'active' } as const;

  it('puts the second one into the archive', async () => {
    const { caretaker, files } = caringFor(['queued/a.md', 'active/a.md']);
    expect(await caretaker.moveTask(begin)).toMatchObject({ column: 'active' });
    expect([...files].toSorted()).toEqual(['active/a.md', 'archive/a.md']);
  });

  it('leaves it where it is if the user takes the first one away meanwhile: it is all that is left of the task', async () => {
    const { caretaker, files } = caringFor(['queued/a.md', 'active/a.md'], (all) => all.delete('queued/a.md'));
    await expect(caretaker.moveTask(begin)).rejects.toThrow('it is there already');
    expect([...files]).toEqual(['active/a.md']);
  });
});

describe('work that can not be kept', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'])(
    'is waited for where the machine lacks something (%s), since the next attempt may throw it away',
    async (code) => {
      const { caretaker, told } = failing(code);
      await expect(caretaker.keepWork(id('a'), makePlan())).rejects.toMatchObject({ code });
      expect(told).toEqual([]);
    },
  );

  it.each(['EACCES', null])('is told and holds nothing up where git can not take it in (%s)', async (code) => {
    const { caretaker, told } = failing(code);
    expect(await caretaker.keepWork(id('a'), makePlan())).toEqual([]);
    expect(told).toMatchObject([{ type: 'effect-failed', task: 'a', effect: 'keep-work', message: 'git failed' }]);
  });
});
