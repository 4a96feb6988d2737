/**
 * Reads the reset time of a usage limit from its text: `resets 10:10am (UTC)`, `resets Nov 25, 3pm (Europe/Berlin)`, or
 * seconds since the epoch behind a bar. Needed where no `rate_limit_event` came.
 */

const dayMs = 24 * 60 * 60_000;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const wallTime =
  /resets\s+(?:at\s+)?(?:([a-z]{3})[a-z]*\s+(\d{1,2}),?\s+(?:at\s+)?)?(\d{1,2})(?::(\d{2}))?\s*([ap]m)\s*\(([\w/+-]+)\)/i;

/** The first such time after `at`, in milliseconds since the epoch; null where the text tells none that makes sense. */
export function findResetTime(text: string, at: number): number | null {
  const seconds = /\|(\d{10})\b/.exec(text)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1000;
  const match = wallTime.exec(text);
  if (match === null) return null;
  const [, month, day, hour = '', minute = '0', half = '', zone = ''] = match;
  const minuteOfDay = ((Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)) * 60 + Number(minute);
  const offsetMs = findZoneOffset(zone, at);
  if (offsetMs === null || Number(hour) > 12 || Number(minute) > 59) return null;
  const here = new Date(at + offsetMs);
  const monthIndex = month === undefined ? -1 : months.indexOf(month.toLowerCase());
  if (monthIndex < 0) {
    const today =
      Date.UTC(here.getUTCFullYear(), here.getUTCMonth(), here.getUTCDate()) + minuteOfDay * 60_000 - offsetMs;
    return today > at ? today : today + dayMs;
  }
  const inYear = (year: number) => Date.UTC(year, monthIndex, Number(day)) + minuteOfDay * 60_000 - offsetMs;
  const thisYear = inYear(here.getUTCFullYear());
  return thisYear > at - dayMs ? thisYear : inYear(here.getUTCFullYear() + 1);
}

/** The offset of a zone's wall clock from UTC at that time, in milliseconds; null for an unknown zone. */
function findZoneOffset(zone: string, at: number): number | null {
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    }).formatToParts(at);
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (
      ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
    ).map((type) => Number(parts.find((part) => part.type === type)?.value));
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
  } catch {
    return null;
  }
}
