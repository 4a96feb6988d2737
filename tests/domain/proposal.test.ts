/** Proposals are named, and put into an order in which no two work on the same files at once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explainPlan, listProposals, orderProposals, type Proposal } from '../../src/domain/proposal.ts';

const make = (name: string, dependsOn: readonly string[] = [], touches: readonly string[] = []): Proposal => ({
  ...{ name, title: name, body: name, agent: null, dependsOn, touches, verify: [] },
});
const list = (...proposals: readonly Proposal[]) => listProposals({ proposals, followUps: [], taken: [] });
const order = (all: ReturnType<typeof list>, ...without: readonly string[]) => {
  const waits = orderProposals(
    all,
    all.filter(({ name }) => !without.includes(name)),
  );
  return Object.fromEntries([...waits].map(([{ name }, on]) => [name, on]));
};

test('each has a name of its own, also beside a follow-up and in another case', () => {
  const all = listProposals({ proposals: [make('add-it'), make('Add-It')], followUps: ['Add it!'], taken: [] });
  expect(all.map(({ name, number }) => [name, number])).toEqual([
    ['add-it', 1],
    ['Add-It-2', 2],
    ['add-it-3', 3],
  ]);
});

test('what waits for one that is left out waits for what that would have waited for', () => {
  const all = list(make('a'), make('b', ['a', 'there']), make('c', ['B']));
  expect(order(all)).toEqual({ a: [], b: ['a', 'there'], c: ['b'] });
  expect(order(all, 'b')).toEqual({ a: [], c: ['a', 'there'] });
  expect(order(all, 'a', 'b')).toEqual({ c: ['there'] });
});

test.each([
  ['src/**', 'src/a.ts', true],
  ['src/a', './src/a/b.ts', true],
  ['src/a.ts', 'src/a.ts', true],
  ['**/*.md', 'docs', true],
  ['src/a', 'src/ab', false],
  ['src/a/*', 'src/b/*', false],
])('%s and %s overlap: %s', (one, other, overlaps) => {
  const expected = { a: [], b: overlaps ? ['a'] : [] };
  expect(order(list(make('a', [], [one]), make('b', [], [other])))).toEqual(expected);
});

test('an order that is added closes no cycle', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const some = fc.subarray(names);
  fc.assert(
    fc.property(
      fc.tuple(some, some, some, some, some),
      fc.array(fc.subarray(['x', 'y']), { minLength: 5 }),
      (on, touches) => {
        // Only later ones wait for earlier ones, in a shuffled list.
        const proposals = names.map((name, at) =>
          make(
            name,
            on[at]?.filter((other) => other > name),
            touches[at],
          ),
        );
        const waits = order(list(...proposals));
        const left = new Set(names);
        for (;;) {
          const free = [...left].filter((name) => (waits[name] ?? []).every((other) => !left.has(other)));
          if (free.length === 0) break;
          for (const name of free) left.delete(name);
        }
        expect([...left]).toEqual([]);
      },
    ),
  );
});

test.each([
  ['a cycle', [make('a', ['b']), make('b', ['c']), make('c', ['A'])], /wait for each other: a, b, c/],
  ['one that waits for itself', [make('a', ['a'])], /wait for each other: a/],
  ['two of one name', [make('a'), make('A')], /Two subtasks have the id a/],
  ['too many', Array.from({ length: 13 }, (_, n) => make(`t${String(n)}`)), /more than 12/],
])('a plan with %s is none, and its agent is told why', (_, proposals, why) => {
  expect(explainPlan(proposals, 12)).toMatch(why);
});

test('a plan may wait for tasks of the board', () => {
  expect(explainPlan([make('a', ['there']), make('b', ['a'])], 2)).toBeNull();
});
