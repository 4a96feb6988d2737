/** Moments as the user's clock shows them: all that commands print for people is in local time. */

/** The local time of day, `HH:MM:SS`. */
export function formatTimeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString('sv-SE');
}

/** The local time of day, with its date where that is not the day of `now`. */
export function formatMoment(at: number, now: number): string {
  const moment = new Date(at);
  const isThatDay = moment.toDateString() === new Date(now).toDateString();
  return isThatDay ? formatTimeOfDay(at) : moment.toLocaleString('sv-SE');
}

/** The same without seconds. */
export function formatMinute(at: number, now: number): string {
  return formatMoment(at, now).slice(0, -':SS'.length);
}
