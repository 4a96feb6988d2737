import fc from 'fast-check';
import { expect, it } from 'vitest';
import { costOf, orderReviews, type Mergeable } from '../../src/core/review-order.ts';

const work = (id: string, dependsOn: readonly string[] = [], overlaps: readonly string[] = []): Mergeable => ({
  id,
  dependsOn,
  overlaps,
});
const orderOf = (...works: readonly Mergeable[]) => orderReviews(works).map(({ id }) => id);

/** Works of which each depends only on earlier ones, in any order. */
const works = (maxLength: number) =>
  fc.array(fc.record({ dependsOn: fc.nat(), overlaps: fc.nat(), place: fc.nat() }), { maxLength }).map((drawn) =>
    drawn
      .map(({ dependsOn, overlaps, place }, index) => {
        const pick = (bits: number) =>
          drawn.flatMap((_, at) => (at < index && (bits >> at) % 4 === 3 ? [`t${String(at)}`] : []));
        return { ...work(`t${String(index)}`, pick(dependsOn), pick(overlaps)), place };
      })
      .sort((a, b) => a.place - b.place),
  );

function isInOrder(order: readonly Mergeable[]): boolean {
  return order.every(({ dependsOn }, at) => order.slice(at + 1).every(({ id }) => !dependsOn.includes(id)));
}

function listOrders(all: readonly Mergeable[]): readonly (readonly Mergeable[])[] {
  if (all.length === 0) return [[]];
  return all.flatMap((first) => listOrders(all.filter((each) => each !== first)).map((rest) => [first, ...rest]));
}

it('has one that conflicts with many behind them, and what conflicts with none first', () => {
  const hub = work('hub', [], ['A', 'b', 'c', 'gone']);
  expect(orderOf(hub, work('a'), work('b'), work('c'), work('free'))).toEqual(['free', 'a', 'b', 'c', 'hub']);
});

it('keeps what is given first in front of what costs the same', () => {
  expect(orderOf(work('old', [], ['young']), work('young'))).toEqual(['old', 'young']);
});

it('has dependencies first, though that costs more', () => {
  expect(orderOf(work('top', ['Hub']), work('a', [], ['hub']), work('hub', [], ['b']), work('b', ['hub']))).toEqual([
    'hub',
    'top',
    'a',
    'b',
  ]);
});

it('comes to an end where works depend on each other', () => {
  expect(orderOf(work('a', ['b'], ['b']), work('b', ['a']), work('c', ['c']))).toEqual(['c', 'a', 'b']);
});

it('costs no more than any other order of a few works', () => {
  fc.assert(
    fc.property(works(6), (all) => {
      const order = orderReviews(all);
      const allowed = listOrders(all).filter(isInOrder);
      expect(isInOrder(order)).toBe(true);
      expect(costOf(order)).toBe(Math.min(...allowed.map(costOf)));
    }),
    { numRuns: 150 },
  );
});

it('holds every work of many once, each behind its dependencies, and comes out the same again', () => {
  fc.assert(
    fc.property(works(30), (all) => {
      const order = orderReviews(all);
      expect(new Set(order)).toEqual(new Set(all));
      expect(order).toHaveLength(all.length);
      expect(isInOrder(order)).toBe(true);
      expect(orderReviews(all)).toEqual(order);
    }),
    { numRuns: 150 },
  );
});

it('orders a hundred works in a moment, also where each conflicts with the next', () => {
  const all = Array.from({ length: 100 }, (_, at) => work(`t${String(at)}`, [], [`t${String(at + 1)}`]));
  // Every second one at least can be merged without a conflict.
  const order = orderReviews(all);
  const met = order.filter(({ id }, at) => order.slice(0, at).some((each) => isNext(each.id, id)));
  expect(met).toHaveLength(50);
});

function isNext(one: string, other: string): boolean {
  return Math.abs(Number(one.slice(1)) - Number(other.slice(1))) === 1;
}
