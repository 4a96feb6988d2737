/**
 * Reads checked values out of a YAML map. A reader turns one node into a value, or reports at the node's place which
 * value was expected and returns null. A key without a value counts as absent.
 */
import { distance } from 'fastest-levenshtein';
import { quote } from './plain-text.ts';
import type { Problem, Reporter } from './reporter.ts';
import type { YamlEntry, YamlMap, YamlNode } from './yaml.ts';

/** A node with the name that messages give it, such as `priority` or `an item of verify`. */
export interface Field {
  readonly name: string;
  readonly node: YamlNode;
  readonly reporter: Reporter;
}

/** Makes a value of a field; null after it reported why it can't. */
export type Read<Value> = (field: Field) => Value | null;

/** Reports that a field's value is not what is expected; returns null. */
export function refuse(field: Field, expected: string, hint?: string): null {
  return refuseWith(field, {
    message: `${field.name} is ${describeNode(field.node)}`,
    expected,
    ...(hint && { hint }),
  });
}

/** Reports any problem at a field's value; returns null. */
export function refuseWith(field: Field, problem: Problem): null {
  field.reporter.report(field.node.offset, problem);
  return null;
}

function describeNode(node: YamlNode): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`;
  return node.value === null || node.source === '' ? 'empty' : quote(node.source);
}

/** See {@link openFields}. */
export interface Fields {
  /** The value under a key; undefined where the key is absent or empty, or after an error was reported. */
  readonly read: <Value>(key: string, read: Read<Value>) => Value | undefined;
  /** The fields of a nested map; empty where it is absent. */
  readonly section: (key: string) => Fields;
  /** Reports unknown keys, here and in the sections. To be called last. */
  readonly reportUnknown: (severity: 'error' | 'warning') => void;
}

/** Opens a map for reading by key; `prefix` is what its keys are called in messages, such as `agent.`. */
export function openFields(map: YamlMap, reporter: Reporter, prefix = ''): Fields {
  const entries = new Map(map.entries.map((entry) => [entry.key, entry]));
  const known = new Set<string>();
  const sections = new Map<string, Fields>();
  const find = (key: string): Field | undefined => {
    known.add(key);
    const entry = entries.get(key);
    if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) return undefined;
    return { name: `${prefix}${key}`, node: entry.value, reporter };
  };
  return {
    read: (key, read) => {
      const field = find(key);
      return field === undefined ? undefined : (read(field) ?? undefined);
    },
    section: (key) => {
      const field = find(key);
      const isMap = field?.node.kind === 'map';
      if (field !== undefined && !isMap) {
        refuse(field, 'keys with values', `Write them below \`${key}:\`, indented by two spaces.`);
      }
      const inner: YamlMap = isMap ? field.node : { kind: 'map', entries: [], offset: map.offset };
      const section = openFields(inner, reporter, `${prefix}${key}.`);
      sections.set(key, section);
      return section;
    },
    reportUnknown: (severity) => {
      for (const entry of map.entries) {
        if (!known.has(entry.key)) reporter.report(entry.keyOffset, describeUnknown(entry, severity, known, sections));
      }
      for (const section of sections.values()) section.reportUnknown(severity);
    },
  };
}

function describeUnknown(
  { key }: YamlEntry,
  severity: 'error' | 'warning',
  known: ReadonlySet<string>,
  sections: ReadonlyMap<string, Fields>,
): Problem {
  const message = severity === 'error' ? `unknown key ${quote(key)}` : `unknown key ${quote(key)}, passed over`;
  const [section, inner] = key.split('.');
  if (section !== undefined && inner !== undefined && sections.has(section)) {
    const hint = `Write \`${section}:\` and, below it and indented by two spaces, \`${inner}:\`.`;
    return { severity, message, expected: 'nesting where the manual writes a dot', hint };
  }
  return { severity, message, expected: suggestKey(key, [...known]) };
}

/** The longest key that is compared with the known ones. */
const maxComparedChars = 64;

/** Of the known words the one that was meant most likely. */
export function findNearest(written: string, known: readonly string[]): string {
  const compared = written.slice(0, maxComparedChars);
  return known.toSorted((a, b) => distance(compared, a) - distance(compared, b))[0] ?? '';
}

/** The known word that was meant, if one is near: by default of three letters at most one may be wrong; whatever the case. */
export function findNear(written: string, known: readonly string[], lettersForOne = 3): string | null {
  const folded = written.slice(0, maxComparedChars).toLowerCase();
  const nearest = findNearest(
    folded,
    known.map((word) => word.toLowerCase()),
  );
  const isNear = distance(folded, nearest) <= Math.floor(nearest.length / lettersForOne);
  return isNear ? (known.find((word) => word.toLowerCase() === nearest) ?? null) : null;
}

function suggestKey(key: string, known: readonly string[]): string {
  const folded = key
    .slice(0, maxComparedChars)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
  const nearest = findNearest(folded, known);
  const isNear = distance(folded, nearest) <= Math.floor(nearest.length / 2);
  return isNear ? `\`${nearest}\`` : `one of ${known.join(', ')} (the nearest is \`${nearest}\`)`;
}
