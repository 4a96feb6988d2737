import { expect, it, vi } from 'vitest';
import { Lanes } from '../../src/daemon/lanes.ts';
import type { Effect } from '../../src/domain/effect.ts';
import { keyOf } from '../../src/domain/task.ts';
import { fileIn, id, makePlan } from '../core/scene.ts';

const keep = (name: string, n: number): Effect => ({ type: 'keep-work', task: id(name), plan: makePlan({ n }) });
const load = (name: string): Effect => ({ type: 'load-task', file: fileIn('queued', name), isGone: false });
const lift: Effect = { type: 'write-hold', hold: null };
const note: Effect = { type: 'journal', entry: { type: 'board-started', at: 0 } };

/** Lanes whose effects are done when the test says so. */
function makeLanes() {
  const begun: string[] = [];
  const ends = new Map<string, (result: 'done' | 'failed') => void>();
  const onIdle = vi.fn();
  const lanes = new Lanes((effect) => {
    const name =
      effect.type === 'keep-work'
        ? `${effect.task}${effect.plan.n}`
        : effect.type === 'load-task'
          ? effect.file.name
          : effect.type === 'read-verdicts'
            ? `read ${[...effect.tasks.keys()].join(' ')}`
            : effect.type;
    begun.push(name);
    return new Promise((resolve) => ends.set(name, resolve));
  }, onIdle);
  const end = async (name: string, result: 'done' | 'failed' = 'done') => {
    ends.get(name)?.(result);
    await settle();
  };
  return { lanes, begun, end, onIdle };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

it('performs the effects of one task one after another, those of others and of the board side by side', async () => {
  const { lanes, begun, end } = makeLanes();
  lanes.dispatch([keep('a', 1), keep('a', 2), keep('b', 1), lift]);
  lanes.dispatch([keep('A', 3)]);
  await settle();
  expect(begun.toSorted()).toEqual(['a1', 'b1', 'write-hold']);
  await end('a1');
  await end('a2');
  expect(begun.slice(3)).toEqual(['a2', 'A3']);
});

it('drops the rest of a batch after a failure, and goes on with the next batch', async () => {
  const { lanes, begun, end } = makeLanes();
  lanes.dispatch([keep('a', 1), keep('a', 2)]);
  lanes.dispatch([keep('a', 3)]);
  await settle();
  await end('a1', 'failed');
  expect(begun).toEqual(['a1', 'a3']);
});

it('loads a task after what is being written of it', async () => {
  const { lanes, begun, end } = makeLanes();
  lanes.dispatch([keep('a', 1)]);
  lanes.dispatch([load('a'), load('b')]);
  await settle();
  expect(begun).toEqual(['a1', 'b.md']);
  await end('a1');
  expect(begun.at(-1)).toBe('a.md');
});

it('says which tasks something is not through yet of, whatever the case of their ids', async () => {
  const { lanes, end } = makeLanes();
  lanes.dispatch([keep('a', 1), lift, note]);
  expect([lanes.isBusy(id('A')), lanes.isBusy(id('b'))]).toEqual([true, false]);
  await settle();
  await end('a1');
  expect(lanes.isBusy(id('A'))).toBe(false);
});

it('tells when the last batch is through', async () => {
  const { lanes, end, onIdle } = makeLanes();
  lanes.dispatch([keep('a', 1), lift]);
  await settle();
  await end('write-hold');
  expect(lanes.pending).toBe(1);
  expect(onIdle).not.toHaveBeenCalled();
  await end('a1');
  expect(lanes.pending).toBe(0);
  expect(onIdle).toHaveBeenCalledOnce();
});

it('loads a task though its namesake in another column can not be read', async () => {
  const { lanes, begun, end } = makeLanes();
  lanes.dispatch([load('a'), load('A')]);
  await settle();
  await end('a.md', 'failed');
  expect(begun).toEqual(['a.md', 'A.md']);
});

it('writes holds in their order, and other facts of the board side by side', async () => {
  const { lanes, begun, end } = makeLanes();
  lanes.dispatch([lift, lift, note, note]);
  await settle();
  expect(begun.toSorted()).toEqual(['journal', 'journal', 'write-hold']);
  await end('write-hold');
  expect(begun.toSorted()).toEqual(['journal', 'journal', 'write-hold', 'write-hold']);
});

it('reads the verdict of a task after what is being written of it, those of others at once', async () => {
  const { lanes, begun, end } = makeLanes();
  const tasks = new Map([id('a'), id('b')].map((task) => [keyOf(task), fileIn('done', task)]));
  lanes.dispatch([keep('a', 1)]);
  lanes.dispatch([{ type: 'read-verdicts', tasks }]);
  await settle();
  expect(begun).toEqual(['a1', 'read b']);
  await end('a1');
  expect(begun).toEqual(['a1', 'read b', 'read a']);
});
