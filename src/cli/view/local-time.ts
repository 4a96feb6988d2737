/**
 * Moments as the user's clock shows them: all that commands print for people is in local time. It is put together by
 * hand, since the first use of a locale costs more than the rest of `status`.
 */

/** The local time of day, `HH:MM:SS`. */
export function formatTimeOfDay(at: number): string {
  const moment = new Date(at);
  return [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(twoDigits).join(':');
}

/** The local time of day, with its date where that is not the day of `now`: `YYYY-MM-DD HH:MM:SS`. */
export function formatMoment(at: number, now: number): string {
  const moment = new Date(at);
  if (moment.toDateString() === new Date(now).toDateString()) return formatTimeOfDay(at);
  const day = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map(twoDigits).join('-');
  return `${day} ${formatTimeOfDay(at)}`;
}

/** The same without seconds. */
export function formatMinute(at: number, now: number): string {
  return formatMoment(at, now).slice(0, -':SS'.length);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
