/** The history tells each failure of an effect once, and which task or command it belongs to. */
import { expect, test } from 'vitest';
import { describeFailure, FailureDedupe } from '../../src/daemon/failure-dedupe.ts';
import { makeCommandId } from '../../src/domain/command.ts';
import type { Effect } from '../../src/domain/effect.ts';

const fault = { kind: null, message: 'EIO: i/o error', fault: null };
const [first, second] = [1, 2].map((at): Effect => ({ type: 'read-command', id: makeCommandId(at, '0123456789') }));

test('two commands that can not be read for the same reason are told each, once, with their ids', () => {
  if (first === undefined || second === undefined) throw new Error('no effects');
  const failures = new FailureDedupe();
  expect([first, second, first].map((effect) => failures.isNews(effect, fault.message))).toEqual([true, true, false]);
  expect(describeFailure(second, fault)).toMatchObject({ effect: 'read-command', command: '000000000000002-01234567' });
  failures.forget(first);
  expect([first, second].map((effect) => failures.isNews(effect, fault.message))).toEqual([true, false]);
});
