import { expect, it } from 'vitest';
import { orderMerges } from '../../src/cli/merge-order.ts';
import type { TaskData } from '../../src/views/board-data.ts';

/** A finished task that can be merged. */
function ready(id: string, dependsOn: readonly string[] = [], more: Partial<TaskData> = {}): TaskData {
  const commands = [{ kind: 'merge', usage: `branchboard merge ${id}`, unfit: null }];
  // Of all that is known of a task the order asks for this alone.
  return { id, column: 'done', dependsOn, review: { state: 'ready', round: 1 }, commands, ...more } as TaskData;
}

const merged: Partial<TaskData> = { commands: [{ kind: 'merge', usage: '', unfit: { why: 'is merged', hint: null } }] };
const orderOf = (...tasks: readonly TaskData[]) => {
  const { ready: ordered, left } = orderMerges(tasks);
  return [ordered.map(({ id }) => id), left.map(({ id, on }) => `${id} on ${on}`)];
};

it('has each after those that it builds on, whatever the case, and the oldest first', () => {
  expect(orderOf(ready('d', ['B', 'c']), ready('a', ['d', 'gone']), ready('c'), ready('b', ['c']))).toEqual([
    ['c', 'b', 'd', 'a'],
    [],
  ]);
});

it('leaves out what is merged, and what builds on work that is not done or not wanted, by whatever way', () => {
  const discarded = { column: 'archive', review: { state: 'discarded', round: 1 }, commands: [] } as const;
  expect(
    orderOf(
      ready('top', ['middle']),
      ready('middle', ['again']),
      ready('again', [], { column: 'queued', commands: [] }),
      ready('unwanted', [], discarded),
      ready('other', ['unwanted']),
      ready('old', [], merged),
      ready('fine', ['old']),
    ),
  ).toEqual([['fine'], ['other on unwanted', 'middle on again', 'top on middle']]);
});

it('comes to an end where tasks wait for each other', () => {
  expect(orderOf(ready('a', ['b']), ready('b', ['a']))[0]).toHaveLength(2);
});
