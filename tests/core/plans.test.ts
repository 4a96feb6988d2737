/** A plan that was accepted waits for its children, ends with them, and hands their work on. */
import { expect, test } from 'vitest';
import { collectHandoffs } from '../../src/core/dependencies.ts';
import { recallPast } from '../../src/core/reconcile.ts';
import { acceptByItself } from '../../src/core/auto-accept.ts';
import { Draft } from '../../src/core/draft.ts';
import { judge } from '../../src/core/make-verdict.ts';
import { settlePlans } from '../../src/core/plans.ts';
import type { Board } from '../../src/domain/board.ts';
import { makeCommandId } from '../../src/domain/command.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { emptyPast } from '../../src/domain/task-past.ts';
import { noFacts } from '../../src/domain/task-facts.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { boardOf, exitOf, finished, idOf, planOf, queued, specOf, verdictOf } from './boards.ts';
import { askingReport, makeResult } from './scene.ts';

const by = makeCommandId(1, '00000000');
const proposals = ['one', 'two'].map((name) => ({
  ...{ name, title: name, body: name, agent: null, dependsOn: [], touches: [], verify: [] },
}));
const taken = ['one', 'two'].map((name) => ({ name, id: idOf(name), by }));
const accepted = {
  ...verdictOf({ column: 'attention' }),
  fault: null,
  proposals,
  taken,
  report: 'r.md',
  summary: 'Two.',
};
const waiting = { ...queued('shop', ['one', 'two']), past: { ...emptyPast, accepted } };

function settle(board: Board) {
  const draft = new Draft(board, 5);
  settlePlans(draft);
  return draft;
}

test('it ends when all of them are done, and not before', () => {
  const one = finished('one', 'done');
  expect(settle(boardOf([waiting, queued('two'), one])).effects).toEqual([]);
  const draft = settle(boardOf([waiting, one, finished('two', 'done')]));
  const [verdict] = draft.effects.flatMap((effect) => (effect.type === 'write-verdict' ? [effect.verdict] : []));
  expect(verdict).toMatchObject({ column: 'done', at: 5, dependsOn: ['one', 'two'] });
  expect(verdict?.summary).toMatch(/^Two\.\n\nDone:\n- `one`: .*\n- `two`: .*$/);
  expect(draft.effects.at(-1)).toMatchObject({ type: 'move-task', to: 'done' });
});

test('what waits for it builds on its children; on follow-ups that were taken in it does not', () => {
  const shop = {
    ...finished('shop', 'done'),
    verdict: { ...accepted, column: 'done', dependsOn: [idOf('one')] },
  } as const;
  const board = boardOf([shop, finished('one', 'done'), finished('two', 'done')]);
  expect(collectHandoffs(board, [idOf('shop')]).map(({ id }) => id)).toEqual(['shop', 'one']);
});

test('only a plan of which something was taken in waits for children', () => {
  const recall = (more: object) => recallPast({ ...noFacts, verdict: { ...accepted, ...more } }).accepted;
  expect(recall({})).not.toBeNull();
  expect(recall({ taken: [] })).toBeNull();
  expect(recall({ column: 'done' })).toBeNull();
  expect(recall({ fault: { reason: 'question', detail: '?' } })).toBeNull();
});

test.each([
  ['plan', 'tester', 'attention'],
  ['work', 'planner', 'done'],
] as const)('a run for %s is judged as one, though its file names %s by its end', (purpose, agent, column) => {
  const report = { ...askingReport, status: 'done', questions: [], options: [], subtasks: proposals } as const;
  const exit = exitOf({ result: makeResult({ report }) });
  const task = { ...queued('shop'), spec: specOf('shop', [], { agent }) };
  const run = { plan: planOf('shop', { purpose }), exit, evidence: null };
  const verdict = judge(new Draft(boardOf([task]), 5), task, run, { kind: 'reported', summary: 'S.', report: 'R.' });
  expect(verdict.column).toBe(column);
});

test('a plan is taken in by itself where its file, or else the settings, say so, once, and under one id', () => {
  const plan = { ...accepted, taken: [], run: 1, at: 7 };
  const ask = (settings: boolean, own?: boolean, verdict: Verdict = plan) => {
    const spec = specOf('shop', [], own === undefined ? {} : { autoAccept: own });
    const board = { ...boardOf([]), settings: { ...defaultSettings, autoAccept: settings } };
    return acceptByItself(board, { ...queued('shop'), spec }, verdict);
  };
  expect([ask(false), ask(true, false), ask(true, true, accepted)]).toEqual([null, null, null]);
  expect(ask(true, true, { ...plan, fault: { reason: 'question', detail: '?' } })).toBeNull();
  expect(ask(true)).toMatchObject({ by: 'auto', seen: { column: 'attention', run: 1 }, command: { task: 'shop' } });
  expect(ask(false, true)).toEqual(ask(true));
  expect(ask(true)?.id).not.toBe(ask(true, true, { ...plan, run: 2 })?.id);
});
