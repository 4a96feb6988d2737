/**
 * Ways to read any file that Claude Code leaves open: it runs many small programs unasked, looks at the files that they
 * are given, and misses some. Each of these was seen in one of the versions that the tests pin.
 */
import type { SimpleCommand } from './command-line.ts';
import { runners } from './known-programs.ts';

/** Programs of which version 2.1.197 asks nothing, whatever file they read. */
const programs: ReadonlySet<string> = new Set([
  ...['tac', 'rev', 'fold', 'fmt', 'expand', 'unexpand', 'pr', 'comm', 'tsort', 'egrep', 'fgrep'],
]);

/** Programs with `--files0-from=FILE`, which print the file's text as a name that is not there; no version asks. */
const takeFileLists: ReadonlySet<string> = new Set(['wc', 'du']);

/** The way in which a command reads a file that Claude Code does not check, in words for the agent, or null. */
export function findUncheckedRead({ text, words, readsFile }: SimpleCommand): string | null {
  if (readsFile) return `\`${text}\` reads a file by \`<\`: name the file as an argument of a program`;
  const names = words.map((word) => word?.replace(/^.*\//s, '') ?? '');
  const unchecked = names.find((name, at) => programs.has(name) && (at === 0 || runners.has(names[0] ?? '')));
  if (unchecked !== undefined) return `\`${unchecked}\` is not allowed; use \`cat\`, \`grep\` or the Read tool`;
  const takesList = names.some((name) => takeFileLists.has(name)) && words.some((word) => /^--f/.test(word ?? ''));
  return takesList ? `\`--files0-from\` is not allowed in \`${text}\`: name the files` : null;
}
