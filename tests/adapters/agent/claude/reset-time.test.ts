import { expect, it } from 'vitest';
import { findResetTime } from '../../../../src/adapters/agent/claude/reset-time.ts';

const at = Date.UTC(2026, 10, 23, 9, 30);

it.each([
  ["You've hit your session limit · resets 10:10am (UTC)", Date.UTC(2026, 10, 23, 10, 10)],
  ["You've hit your session limit · resets 9am (UTC)", Date.UTC(2026, 10, 24, 9)],
  ["You've hit your limit · resets 12am (UTC)", Date.UTC(2026, 10, 24)],
  ["You've hit your limit · resets 12:05pm (Etc/UTC)", Date.UTC(2026, 10, 23, 12, 5)],
  ["You've hit your weekly limit · resets Nov 25, 3pm (Europe/Berlin)", Date.UTC(2026, 10, 25, 14)],
  ["You've hit your weekly limit · resets Jan 2 at 3pm (America/New_York)", Date.UTC(2027, 0, 2, 20)],
  ['Claude AI usage limit reached|1795428000', 1_795_428_000_000],
])('%s', (text, expected) => {
  expect(findResetTime(text, at)).toBe(expected);
});

it.each(['resets soon', 'resets 25pm (UTC)', 'resets 3pm (Nowhere/Land)', 'You are out of luck', ''])(
  'no time is made of %j',
  (text) => {
    expect(findResetTime(text, at)).toBeNull();
  },
);
