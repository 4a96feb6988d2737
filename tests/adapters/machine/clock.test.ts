/** The real clock's words for a moment. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createClock } from '../../../src/adapters/machine/clock.ts';

test('a day and a time of day are those of this machine’s zone, in the form of ISO 8601', () => {
  const clock = createClock();
  // From the year 1970 to the year 9000.
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2.2e14 }), (at) => {
      expect(clock.day(at)).toBe(new Date(at).toLocaleDateString('sv-SE'));
      expect(clock.timeOfDay(at)).toBe(new Date(at).toLocaleTimeString('sv-SE'));
    }),
  );
});
