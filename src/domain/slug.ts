/** Makes an id from any text, such as a file's name. */
import { maxTaskIdChars, parseTaskId } from './task.ts';
import type { TaskId } from './task.ts';

/** A valid id close to a text: without accents, lower case, dashes for the rest; `task-` and a hash if nothing is left. */
export function makeTaskId(text: string): TaskId {
  const words = dropAccents(text)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, maxTaskIdChars);
  const slug = dropBadEnding(words);
  const id = parseTaskId(slug) ?? parseTaskId(`task-${hashName(text.normalize('NFC'))}`);
  if (id === undefined) throw new Error(`no id could be made of ${JSON.stringify(text)}`);
  return id;
}

/** The id that the inbox gives a file by its name, which may end in `.md` or `.markdown`. */
export function idOfName(name: string): TaskId {
  const stem = name.replace(markdownEnding, '');
  return parseTaskId(stem.toLowerCase()) ?? makeTaskId(stem);
}

/** The endings of a markdown file's name. */
export const markdownEnding = /\.(?:md|markdown)$/i;

/**
 * The letters and digits of a text that {@link makeTaskId} can't keep, each once. Spaces, punctuation and accents are
 * none: that they go is expected.
 */
export function listLostLetters(text: string): readonly string[] {
  const letters = new Set(text.normalize('NFC').match(/(?!\p{ASCII})[\p{L}\p{N}]/gu));
  return [...letters].filter((letter) => /(?!\p{ASCII})[\p{L}\p{N}]/u.test(dropAccents(letter)));
}

/** Letters with marks, each with its plain Latin letter. */
function dropAccents(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}+/gu, '');
}

function dropBadEnding(slug: string): string {
  let rest = slug;
  for (;;) {
    const shorter = rest.replace(/(?:[._-]+|\.lock)$/, '');
    if (shorter === rest) return rest;
    rest = shorter;
  }
}

/** A stable 32-bit hash (FNV-1a over UTF-8) as 8 hex digits; tells names apart, keeps no secret. */
export function hashName(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
