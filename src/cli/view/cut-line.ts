/** Fits lines to the width of a terminal: cuts them, or goes on below. */
import { stripVTControlCharacters } from 'node:util';
import { endAtWord } from '../../domain/visible-text.ts';

/** Latin letters and the board's own marks, each one column wide. */
const narrow = /^[ -~¡-˿−…▶✓]*$/;

/** The line, at most `columns` wide, cut at a word. What knows the width of all other characters is loaded only where they are met. */
export async function cutLine(line: string, columns: number): Promise<string> {
  const text = stripVTControlCharacters(line);
  if (narrow.test(text) && text.length <= columns) return line;
  const { default: cliTruncate } = await import('cli-truncate');
  return endAtWord(cliTruncate(line, columns), line);
}

/** The line at spaces on as many lines as it takes, each at most `columns` wide; what knows widths is loaded as above. */
export async function wrapLine(line: string, columns: number): Promise<string> {
  const text = stripVTControlCharacters(line);
  if (narrow.test(text) && text.length <= columns) return line;
  const { default: wrapAnsi } = await import('wrap-ansi');
  return wrapAnsi(line, columns, { hard: true });
}
