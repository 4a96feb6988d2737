/** Cuts the frontmatter out of a markdown file by hand, within a bound, so that no library sees more than it must. */
import { limits } from '../domain/limits.ts';
import type { Problem } from './reporter.ts';

/** Where a file's frontmatter is, as offsets into its text without a byte order mark. */
export type Frontmatter =
  | { readonly kind: 'none'; readonly bodyStart: 0 }
  /** The YAML is from `start` to `end`; the body begins after the closing line. */
  | { readonly kind: 'found'; readonly start: number; readonly end: number; readonly bodyStart: number }
  | { readonly kind: 'broken'; readonly offset: number; readonly problem: Problem };

/** The text without a byte order mark. */
export function stripByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/**
 * Finds the frontmatter: a first line `---` (blank lines may stand above it), then a line `---` or `...` that ends it.
 * A line of four dashes or more is a horizontal rule and no frontmatter.
 */
export function cutFrontmatter(text: string): Frontmatter {
  const offset = skipBlankLines(text);
  const opening = lineAt(text, offset);
  if (/^---[ \t]*[^-\s]/.test(opening.text)) return { kind: 'broken', offset, problem: foreignFrontmatter };
  if (!isFence(opening.text, '---')) return { kind: 'none', bodyStart: 0 };
  const start = opening.next;
  for (let at = start; at < text.length;) {
    const line = lineAt(text, at);
    if (isFence(line.text, '---') || isFence(line.text, '...')) {
      const bytes = Buffer.byteLength(text.slice(start, at));
      if (bytes > limits.maxFrontmatterBytes) return { kind: 'broken', offset, problem: describeTooLong(bytes) };
      return { kind: 'found', start, end: at, bodyStart: line.next };
    }
    at = line.next;
  }
  return { kind: 'broken', offset, problem: neverEnding };
}

const foreignFrontmatter: Problem = {
  message: 'the first line is neither markdown nor the `---` that begins YAML frontmatter',
  expected: '`---` alone on the line',
  hint: 'Only YAML is read, never code: remove what follows the dashes and write keys such as `title: Add login`.',
};

const neverEnding: Problem = {
  message: 'the frontmatter that begins here never ends',
  expected: 'a line `---` below its last key',
  hint: 'Add that line; or, if this is a horizontal rule, write it as `***`.',
};

function describeTooLong(bytes: number): Problem {
  return {
    message: `the frontmatter has ${String(bytes)} bytes`,
    expected: `at most ${String(limits.maxFrontmatterBytes)}`,
    hint: 'Move the text that belongs to the task below the closing `---`.',
  };
}

function isFence(line: string, fence: '---' | '...'): boolean {
  return line.startsWith(fence) && line.slice(fence.length).trim() === '';
}

function skipBlankLines(text: string): number {
  const blank = /(?:[ \t]*\r?\n)*/y.exec(text);
  return blank?.[0].length ?? 0;
}

function lineAt(text: string, offset: number): { readonly text: string; readonly next: number } {
  const end = text.indexOf('\n', offset);
  return end === -1
    ? { text: text.slice(offset), next: text.length }
    : { text: text.slice(offset, end), next: end + 1 };
}
