/**
 * Takes secrets out of text before the board keeps or shows it: the values of environment variables that hold secrets,
 * in the forms that text is written in, and tokens of well-known shapes. It also removes terminal escapes and invisible
 * characters: a secret with a colour in its middle would be whole again where a later step removes the colour.
 *
 * All searches read the same text; overlapping finds are taken out together. Time is linear in the text.
 */
import { existsSync } from 'node:fs';
import { stripHidden } from '../../domain/visible-text.ts';
import { createFinder, type Find } from './secret-forms.ts';
import { holdsSecret, listSecrets, type Environment } from './secret-names.ts';
import { findShapes } from './secret-shapes.ts';

/** Replaces secrets by `[redacted NAME]`, or `[redacted]` where they have no name. */
export type Redactor = (text: string) => string;

/** No text from outside is cut to fewer characters. */
const minCutTextChars = 100;
/** Stands where a text was cut. */
const ellipsis = '…';

/**
 * A redactor for the secrets in these environments. A value that is the path of something that exists is none: it says
 * where a secret is.
 */
export function createRedactor(
  environments: readonly Environment[],
  exists: (path: string) => boolean = existsSync,
): Redactor {
  const secrets = environments.flatMap((environment) => listSecrets(environment, exists));
  const find = createFinder(secrets);
  const marks = new Set(['[redacted]', ...secrets.map(({ name }) => mark(name))]);
  const anyMark = new RegExp([...marks].map(escapeForRegExp).join('|'), 'g');
  return (text) => {
    const visible = stripHidden(text);
    // Marks of earlier redactions stay, even if a variable's name or the word itself is a secret: no value holds a NUL.
    const open = visible.replace(anyMark, (found) => '\0'.repeat(found.length));
    const isCutAt = (index: number) =>
      open.startsWith(ellipsis, index) || (index === open.length && open.length >= minCutTextChars);
    const cuts = { ends: listCuts(open), isBeginningCut: open.length >= minCutTextChars };
    return takeOut(visible, [...find(open, cuts), ...findShapes(open, isCutAt)]);
  };
}

/** Whether a variable of an environment or of the settings holds a secret, however short, by its name or its value. */
export function looksSecret(name: string, value: string): boolean {
  return holdsSecret(name, value, existsSync) || findShapes(value, () => false).length > 0;
}

/** Text from outside is bounded before it comes here, so that a secret may be cut off at its end or, later, its beginning. */
function listCuts(text: string): readonly number[] {
  const cuts = [...text.matchAll(/…/g)].map(({ index }) => index);
  return text.length < minCutTextChars ? cuts : [...cuts, text.length];
}

/** The text with a mark for each find; those that overlap have one, with the first name that is known. */
function takeOut(text: string, finds: readonly Find[]): string {
  if (finds.length === 0) return text;
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, name } of joinFinds(finds)) {
    parts.push(text.slice(at, start), mark(name));
    at = end;
  }
  return parts.join('') + text.slice(at);
}

/** Of those that begin at one place the longest comes first, so that a value that begins like another is named right. */
function joinFinds(finds: readonly Find[]): readonly Find[] {
  const joined: Find[] = [];
  for (const find of finds.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = joined.at(-1);
    if (last === undefined || find.start >= last.end) joined.push(find);
    else {
      const end = Math.max(last.end, find.end);
      joined[joined.length - 1] = { start: last.start, end, name: last.name ?? find.name };
    }
  }
  return joined;
}

function mark(name: string | null): string {
  return name === null ? '[redacted]' : `[redacted ${name}]`;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
