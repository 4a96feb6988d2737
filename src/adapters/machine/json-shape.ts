/** Looks into JSON of unknown shape without ever throwing. */

/** An object as JSON gives it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value if it is an object (no array), else null. */
export function asObject(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is an array, else an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a string, else null. */
export function asString(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The value if it is a finite number, else null. */
export function asNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Places at which an object may begin in a line that holds something else before it. */
const maxPlacesTried = 16;

/** The object at the end of a line to whose beginning somebody else had written; null where there is none. */
export function findObjectBehind(line: string): JsonObject | null {
  let at = line.indexOf('{', 1);
  for (let tried = 0; at !== -1 && tried < maxPlacesTried; tried += 1) {
    const found = parseObject(line.slice(at));
    if (found !== null) return found;
    at = line.indexOf('{', at + 1);
  }
  return null;
}

/** Parses a line that should hold one JSON object; null where it does not. */
export function parseObject(line: string): JsonObject | null {
  try {
    return asObject(JSON.parse(line));
  } catch {
    return null;
  }
}
