/** The user's clock. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatMinute, formatMoment, formatTimeOfDay } from '../../../src/cli/view/local-time.ts';

it('is shown as the system shows it to a Swede, who writes dates as ISO does', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), (moment) => {
      expect(formatTimeOfDay(moment.getTime())).toBe(moment.toLocaleTimeString('sv-SE'));
      expect(formatMoment(moment.getTime(), Date.UTC(2200))).toBe(moment.toLocaleString('sv-SE'));
    }),
  );
});

it('leaves the date out on the day itself, and the seconds where they tell nothing', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime();
  expect(formatMoment(at, at + 1_000)).toBe('03:04:05');
  expect(formatMinute(at, at + 48 * 3_600_000)).toBe('2026-01-02 03:04');
});
