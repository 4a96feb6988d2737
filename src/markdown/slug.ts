/** Makes an id from any text, such as a file's name. */
import { maxTaskIdChars, parseTaskId } from '../domain/task.ts';
import type { TaskId } from '../domain/task.ts';
import { hashName } from './plain-text.ts';

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
