/** Bounds what is remembered: the newest entries of a map. */

/** Puts a value last, and drops the oldest ones beyond `max`. */
export function keepNewest<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
