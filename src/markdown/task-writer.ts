/** Writes frontmatter: what `add` puts above a task's text, or into the frontmatter that is there. */
import { Document, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Scalar, Tags } from 'yaml';
import { findForeignFrontmatter } from './foreign-frontmatter.ts';
import { cutFrontmatter, stripByteOrderMark } from './frontmatter.ts';
import { lineEndOf } from './plain-text.ts';
import { createReporter } from './reporter.ts';
import { parseYamlMap } from './yaml.ts';

/** The keys that a command can write. */
export interface TaskFields {
  readonly title?: string;
  readonly agent?: string;
  readonly dependsOn?: readonly string[];
  readonly id?: string;
  readonly priority?: string;
  readonly parent?: string;
  readonly imported?: string;
  readonly touches?: readonly string[];
  readonly budgetUsd?: number;
  readonly permissionMode?: string;
}

/**
 * A task file with the given fields above `body`. Frontmatter that `body` has already keeps its other keys and its
 * comments; dependencies are added to those it names. If that frontmatter can't be read, `body` comes back as it is,
 * and reading it as a task says why. Values are not checked here.
 */
export function serializeTaskFile(fields: TaskFields, body: string): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (given.length === 0) return body;
  const text = stripByteOrderMark(body);
  const mark = body.slice(0, body.length - text.length);
  const cut = cutFrontmatter(text);
  if (cut.kind === 'broken' || findForeignFrontmatter(text.slice(cut.bodyStart), cut.kind === 'found') !== null) {
    return body;
  }
  const yaml = cut.kind === 'found' ? text.slice(cut.start, cut.end) : '';
  if (parseYamlMap(yaml, 0, createReporter('', yaml)) === undefined) return body;
  const document = yaml.trim() === '' ? new Document({}) : parseDocument(yaml, { schema: 'core', customTags });
  setFields(document, fields);
  const lineEnd = lineEndOf(text);
  const written = `---\n${document.toString({ lineWidth: 0 })}---\n`.replaceAll(/\r?\n/g, lineEnd);
  return mark + written + text.slice(cut.bodyStart);
}

/** Numbers stay as they are written: the library would make `10` of `010`, which may be an id. */
const customTags = (tags: Tags): Tags =>
  tags.map((tag) => {
    if (typeof tag === 'string' || !/:(?:int|float)$/.test(tag.tag) || tag.collection !== undefined) return tag;
    return { ...tag, stringify: (item: Scalar) => item.source ?? String(item.value) };
  });

/** The common part of a fresh and a parsed document, as far as it is used here. */
type AnyDocument = Pick<Document, 'contents' | 'get' | 'set' | 'has' | 'createNode'>;

function setFields(document: AnyDocument, fields: TaskFields): void {
  const { dependsOn, budgetUsd, permissionMode, ...same } = fields;
  const written = { ...same, budget_usd: budgetUsd, permission_mode: permissionMode };
  for (const [key, value] of Object.entries(written)) {
    if (value !== undefined) document.set(key, value);
  }
  if (dependsOn !== undefined) addDependencies(document, dependsOn);
}

function addDependencies(document: AnyDocument, ids: readonly string[]): void {
  const key = !document.has('depends_on') && document.has('dependencies') ? 'dependencies' : 'depends_on';
  const present = isMap(document.contents) ? document.get(key, true) : undefined;
  const items: unknown[] = isSeq(present) ? [...present.items] : isNamed(present) ? [present] : [];
  const known = new Set(items.map((item) => (isScalar(item) ? String(item.value).toLowerCase() : '')));
  const added = ids.filter((id) => !known.has(id.toLowerCase()));
  if (isSeq(present)) for (const id of added) present.add(document.createNode(id));
  else document.set(key, document.createNode([...items, ...added], { flow: true }));
}

function isNamed(node: unknown): boolean {
  return isScalar(node) && node.value !== null;
}
