/**
 * Turns text of others (titles, summaries, output, file names) into text and code nodes of a markdown tree, nothing
 * else. The printer escapes markup; this file removes what no printer can make harmless.
 */
import type { InlineCode, PhrasingContent, Text } from 'mdast';

import { limits } from '../domain/limits.ts';
import { stripHidden, toVisibleLine } from '../domain/visible-text.ts';

/** A text may be this many times longer than its bound before it is looked at; beyond, it is cut first. */
const maxRawFactor = 8;

/** Puts a text on one line without control characters, at most `maxChars` long, an ellipsis at its end if it was cut. */
export function cleanLine(text: string, maxChars: number = limits.maxDashboardTextChars): string {
  const line = toVisibleLine(text.slice(0, maxChars * maxRawFactor))
    .replace(/ {2,}/g, ' ')
    .trim();
  const isCut = text.length > maxChars * maxRawFactor;
  if (line.length <= maxChars && !isCut) return line;
  return `${line
    .slice(0, maxChars - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`;
}

/** The lines of a text, each clean, without blank ones at both ends and never two blank ones in a row; all of it bounded. */
export function cleanLines(text: string, maxChars: number = limits.maxDashboardTextChars): string[] {
  const lines: string[] = [];
  let left = maxChars;
  for (const raw of stripHidden(text.slice(0, maxChars * maxRawFactor)).split(/\r\n|[\r\n\u2028\u2029]/)) {
    const line = cleanLine(raw, Math.max(left, 1));
    if (line === '' && (lines.length === 0 || lines.at(-1) === '')) continue;
    lines.push(line);
    left -= line.length;
    if (left <= 0) break;
  }
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A text node. */
export function plain(value: string): Text {
  return { type: 'text', value };
}

/** Stands where there is no text, since an empty paragraph or cell of code is none. */
const nothing = '–';

/** Others' text as code. */
export function code(text: string): InlineCode | Text {
  const value = cleanLine(text);
  return value === '' ? plain(nothing) : { type: 'inlineCode', value };
}

/**
 * Parts of others' text that become code: text in backticks, and text that many readers of markdown turn into links.
 */
const codeInProse = /(`[^`]+`|(?:https?:|ftp:|www\.)[^\s`]*|[^\s`]+@[^\s`]+)/i;

/** Others' text on one line; what stands in backticks, and addresses, become code. */
export function prose(text: string, maxChars?: number): PhrasingContent[] {
  return (cleanLine(text, maxChars) || nothing).split(codeInProse).flatMap((part, i): PhrasingContent[] => {
    if (part === '') return [];
    if (i % 2 === 0) return [plain(part)];
    const [, quoted] = /^`([^`]*\S[^`]*)`$/.exec(part) ?? [];
    if (quoted !== undefined) return [{ type: 'inlineCode', value: quoted.trim() }];
    // The stop behind an address is no part of it.
    const [, address, rest] = /^([^`]*[\p{L}\p{N}/_])([^`]*)$/u.exec(part) ?? [];
    if (address === undefined) return [plain(part)];
    return [{ type: 'inlineCode', value: address }, ...(rest === undefined || rest === '' ? [] : [plain(rest)])];
  });
}

/** The same content with neighbouring texts made one, so that the printer sees what stands next to what. */
export function joinTexts(content: readonly PhrasingContent[]): PhrasingContent[] {
  const joined: PhrasingContent[] = [];
  for (const node of content) {
    const last = joined.at(-1);
    if (last?.type === 'text' && node.type === 'text') joined[joined.length - 1] = plain(last.value + node.value);
    else joined.push(node);
  }
  return joined;
}
