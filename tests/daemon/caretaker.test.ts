import { describe, expect, it } from 'vitest';
import { Caretaker } from '../../src/daemon/caretaker.ts';
import type { HistoryEntry } from '../../src/domain/history.ts';
import { PortError } from '../../src/ports.ts';
import { id, makePlan } from '../prompt/input.ts';

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
