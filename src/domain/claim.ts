/**
 * Claims of a repository's files: a command to run, or a right to give. A claim counts once the user made it or
 * accepted it. Texts for agents and numbers such as `retries` claim nothing.
 */

/** One command or right, as small as it can be judged by itself: an item of a list, a variable, a server. */
export interface Claim {
  /** The file as the user knows it, such as `.orchestrator/config.yaml`, or a role such as `role tester`. */
  readonly source: string;
  /** Where it stands there, such as `notify` or `hooks.SessionStart`. */
  readonly key: string;
  /** Plain data, as JSON has it. */
  readonly value: unknown;
}

/** A claim as text that is the same for the same claim, however its file is written. */
export function canonicalClaim({ source, key, value }: Claim): string {
  return canonicalJson([source, key, value]);
}

/** JSON in which the order of keys is their alphabet's, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === undefined) return 'null';
  if (!isRecord(value)) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(',')}}`;
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
