/**
 * Reads YAML from users within bounds: a cheap scan refuses input that could exhaust the library before the library
 * sees it; the rest becomes plain nodes with their places. YAML 1.2, core schema, unique keys, no anchors and no
 * aliases.
 */
import { CST, isAlias, isMap, isScalar, isSeq, Lexer, parseDocument } from 'yaml';
import type { ErrorCode } from 'yaml';
import { limits } from '../domain/limits.ts';
import { quote } from './plain-text.ts';
import type { Problem, Reporter } from './reporter.ts';

/** The most `[` and `{` that begin a list or a map, in all. */
const maxFlowOpeners = 64;
/** The widest indentation of a line. */
const maxIndentationColumns = 64;
/** The most of `- `, `? ` and `: `, in all, that are not the first on their line. */
const maxExtraIndicators = 128;
/** The most keys, in all maps together. */
const maxYamlKeys = 256;
/** One slip makes many errors; the first ones tell. */
const maxSyntaxErrors = 3;

/** A string, number, boolean or nothing. */
export interface YamlScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** The text as written, without quotes: `010` for the number 8 or 10 that YAML makes of it. */
  readonly source: string;
  /** The comment behind it, or null. */
  readonly comment: string | null;
  readonly offset: number;
}

/** A list. */
export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly offset: number;
}

/** Keys and values, in the order of the text. */
export interface YamlMap {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
  readonly offset: number;
}

/** One key and its value; offsets count from the start of the whole file. */
export interface YamlEntry {
  readonly key: string;
  readonly keyOffset: number;
  readonly value: YamlNode;
}

/** Any value. */
export type YamlNode = YamlScalar | YamlList | YamlMap;

/**
 * Reads keys and values. `start` is where `text` begins in its file. Returns an empty map for an empty text, and
 * undefined after something was reported that leaves nothing to go on with.
 */
export function parseYamlMap(text: string, start: number, reporter: Reporter): YamlMap | undefined {
  const tooDeepAt = findTooDeep(text);
  if (tooDeepAt !== undefined) {
    reporter.report(start + tooDeepAt, tooDeep);
    return undefined;
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  // The library only warns of some problems, such as an unknown tag, and then loses the value that was meant.
  const errors = [...document.errors, ...document.warnings];
  for (const error of errors.slice(0, maxSyntaxErrors)) {
    reporter.report(start + error.pos[0], explainSyntaxError(error.code));
  }
  if (errors.length > 0) return undefined;
  const conversion: Conversion = { start, reporter, keys: 0 };
  const root = convertNode(document.contents, 0, conversion, 0);
  if (root === null || conversion.keys > maxYamlKeys) return undefined;
  if (root.kind === 'map') return root;
  if (root.kind === 'scalar' && root.value === null) return { kind: 'map', entries: [], offset: start };
  const found = root.kind === 'list' ? 'a list' : 'text';
  reporter.report(root.offset, {
    message: `there is ${found} where keys with values should be`,
    expected: 'lines such as `key: value`, with a space after the colon',
  });
  return undefined;
}

const tooDeep: Problem = {
  message: 'the YAML is nested too deep',
  expected: `at most ${String(limits.maxYamlDepth)} levels`,
  hint: 'If this belongs to a text, put the text in quotes; a long text belongs below the frontmatter.',
};

/**
 * The place where nesting may exceed the stack, or undefined. The library's parser and composer recurse (at about 900
 * levels the process aborts); its lexer does not. The depth of a broken text can't be known beforehand, so nothing here
 * counts down: flow collections, columns and inline indicators bound the levels together.
 */
function findTooDeep(text: string): number | undefined {
  let offset = 0;
  let flowOpeners = 0;
  let extraIndicators = 0;
  let lineIndicators = 0;
  let atLineStart = true;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    if (type === 'flow-seq-start' || type === 'flow-map-start') flowOpeners += 1;
    if (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind') {
      lineIndicators += 1;
      if (lineIndicators > 1) extraIndicators += 1;
    }
    const isWide = atLineStart && type === 'space' && lexeme.length > maxIndentationColumns;
    if (isWide || flowOpeners > maxFlowOpeners || extraIndicators > maxExtraIndicators) return offset;
    atLineStart = type === 'newline';
    if (atLineStart) lineIndicators = 0;
    if (!controlLexemes.has(type ?? '')) offset += lexeme.length;
  }
  return undefined;
}

/** Lexemes that stand for no text. */
const controlLexemes: ReadonlySet<string> = new Set(['doc-mode', 'flow-error-end', 'scalar']);

interface Conversion {
  readonly start: number;
  readonly reporter: Reporter;
  keys: number;
}

/** Null after an error; `fallback` is the offset, within the text, of a value that is not written out. */
function convertNode(node: unknown, depth: number, conversion: Conversion, fallback: number): YamlNode | null {
  const { start, reporter } = conversion;
  const refuse = (at: number, problem: Problem): null => {
    reporter.report(at, problem);
    return null;
  };
  if (isAlias(node)) return refuse(start + (node.range?.[0] ?? fallback), noAliases);
  if (!isScalar(node) && !isSeq(node) && !isMap(node)) {
    return { kind: 'scalar', value: null, source: '', comment: null, offset: start + fallback };
  }
  const at = node.range?.[0] ?? fallback;
  const offset = start + at;
  if (node.anchor !== undefined) return refuse(offset, noAliases);
  if (depth > limits.maxYamlDepth) return refuse(offset, tooDeep);
  if (isScalar(node)) return { kind: 'scalar', ...readScalar(node), offset };
  if (isSeq(node)) {
    const items = node.items.map((item) => convertNode(item, depth + 1, conversion, at));
    return { kind: 'list', items: items.filter((item) => item !== null), offset };
  }
  return { kind: 'map', entries: convertEntries(node.items, depth, conversion, at), offset };
}

function convertEntries(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  depth: number,
  conversion: Conversion,
  at: number,
): readonly YamlEntry[] {
  const { start, reporter } = conversion;
  const entries = new Map<string, YamlEntry>();
  for (const pair of pairs) {
    conversion.keys += 1;
    const keyNode = convertNode(pair.key, depth + 1, conversion, at);
    if (keyNode === null) continue;
    const keyOffset = keyNode.offset;
    if (conversion.keys > maxYamlKeys) {
      if (conversion.keys === maxYamlKeys + 1) reporter.report(keyOffset, tooManyKeys);
      break;
    }
    if (keyNode.kind !== 'scalar') {
      reporter.report(keyOffset, { message: `a key is a ${keyNode.kind}`, expected: 'a word', hint: quotesHint });
      continue;
    }
    const value = convertNode(pair.value, depth + 1, conversion, keyOffset - start);
    const key = keyNode.source;
    if (entries.has(key)) reporter.report(keyOffset, describeTwice(key));
    else if (value !== null) entries.set(key, { key, keyOffset, value });
  }
  return [...entries.values()];
}

function readScalar(node: {
  readonly value: unknown;
  readonly source?: string;
  readonly comment?: string | null;
}): Pick<YamlScalar, 'value' | 'source' | 'comment'> {
  const comment = node.comment ?? null;
  const { value } = node;
  if (typeof value === 'string') return { value, source: value, comment };
  const source = node.source ?? String(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return { value, source, comment };
  return { value: source, source, comment };
}

const quotesHint = 'If a value holds one of `: # [ ] { } & * ! @` or a backtick, put it in quotes.';

const noAliases: Problem = {
  message: 'YAML anchors (`&name`) and aliases (`*name`) are not read',
  expected: 'the value written out',
  hint: 'If the value begins with `&` or `*`, put it in quotes.',
};

const tooManyKeys: Problem = {
  message: 'there are too many keys',
  expected: `at most ${String(maxYamlKeys)}`,
};

function describeTwice(key: string): Problem {
  return { message: `the key ${quote(key)} is here for the second time`, expected: 'each key once' };
}

/** In our words: the library's repeat what stands there, which may be a secret. */
function explainSyntaxError(code: ErrorCode): Problem {
  return { hint: quotesHint, ...(explanations[code] ?? outOfPlace) };
}

const outOfPlace: Problem = { message: 'this is not valid YAML: something here is out of place' };

const unknownTag: Problem = {
  message: 'a value that begins with `!` is a tag to YAML, and this one is not known here',
  hint: 'If the `!` belongs to the value, put the value in quotes.',
};

const explanations: Partial<Record<ErrorCode, Problem>> = {
  ALIAS_PROPS: noAliases,
  BAD_ALIAS: noAliases,
  BAD_COLLECTION_TYPE: unknownTag,
  BAD_DIRECTIVE: { message: 'a line that begins with `%` is a directive to YAML, and this one is not known here' },
  BAD_DQ_ESCAPE: {
    message: 'in double quotes a backslash begins an escape, and this one is not known',
    hint: 'Write two backslashes for one, or use single quotes.',
  },
  BAD_INDENT: { message: 'this is not valid YAML: the line is not indented like those that it belongs to' },
  BAD_SCALAR_START: {
    message: 'a value that is not in quotes begins with a character that means something in YAML',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a value that is not in quotes holds `: `',
    hint: 'Put the value in quotes, as in `title: "Fix: the login"`.',
  },
  MISSING_CHAR: {
    message: 'this is not valid YAML: a quote or a bracket is not closed, or a comma, a colon or a space is missing',
  },
  MULTILINE_IMPLICIT_KEY: { message: 'this is not valid YAML: a key goes over more than one line' },
  MULTIPLE_DOCS: { message: 'a second YAML document begins here', expected: 'one', hint: 'Remove the line `---`.' },
  TAB_AS_INDENT: { message: 'a line is indented with a tab', expected: 'spaces', hint: 'YAML allows spaces only.' },
  TAG_RESOLVE_FAILED: unknownTag,
};
