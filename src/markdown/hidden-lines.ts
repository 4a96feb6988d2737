/**
 * Finds lines of a task's file with invisible characters, which an agent would read: intake warns of them, `show`
 * writes them out.
 */
import { findHiddenCharacters } from '../domain/hidden-characters.ts';
import type { Reporter } from './reporter.ts';

/** The characters of a line that a message names. */
const maxNamed = 3;

/** A line with hidden characters. */
export interface HiddenLine {
  /** 1-based. */
  readonly number: number;
  /** The line without its end, as it is. */
  readonly text: string;
  /** Where the first of them stands, in UTF-16 units from the beginning of the whole text. */
  readonly offset: number;
  /** Such as `U+200B`, in their order. */
  readonly names: readonly string[];
}

/** The lines of a text that hold such characters. */
export function listHiddenLines(text: string): readonly HiddenLine[] {
  let start = 0;
  return text.split('\n').flatMap((line, index): readonly HiddenLine[] => {
    const found = findHiddenCharacters(line);
    const lineStart = start;
    start += line.length + 1;
    const [first] = found;
    if (first === undefined) return [];
    const names = found.map(({ name }) => name);
    return [{ number: index + 1, text: line.replace(/\r$/, ''), offset: lineStart + first.offset, names }];
  });
}

/** Warns of each line of a task's text that holds such characters, with their number. */
export function reportHiddenLines(text: string, reporter: Reporter): void {
  for (const { offset, names } of listHiddenLines(text)) {
    const some = [...new Set(names)];
    const named = `${some.slice(0, maxNamed).join(', ')}${some.length > maxNamed ? ', …' : ''}`;
    const message =
      names.length === 1
        ? `1 character that nobody sees (${named}); the agent will read it`
        : `${String(names.length)} characters that nobody sees (${named}); the agent will read them`;
    reporter.report(offset, { severity: 'warning', message, hint: '`branchboard show ID` writes them out' });
  }
}
