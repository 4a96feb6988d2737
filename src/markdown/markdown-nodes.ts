/** Pieces of a markdown tree as the dashboard uses them. Others' text comes in through `safe-text` alone. */
import type {
  BlockContent,
  Code,
  Link,
  List,
  ListItem,
  Paragraph,
  PhrasingContent,
  RootContent,
  TableRow,
} from 'mdast';

import { limits } from '../domain/limits.ts';
import { toVisibleLine } from '../domain/visible-text.ts';
import { cleanLines, code, joinTexts, plain, prose } from './safe-text.ts';

/** Stands between facts on one line. */
export const separator = ' · ';

/** A heading. */
export function heading(depth: 1 | 2 | 3, children: readonly PhrasingContent[]): RootContent {
  return { type: 'heading', depth, children: joinTexts(children) };
}

/** A paragraph. */
export function paragraph(children: readonly PhrasingContent[]): Paragraph {
  return { type: 'paragraph', children: joinTexts(children) };
}

/** Words of the board's in bold. */
export function strong(text: string): PhrasingContent {
  return { type: 'strong', children: [plain(text)] };
}

/** A row of a table. */
export function row(cells: readonly PhrasingContent[][]): TableRow {
  return { type: 'tableRow', children: cells.map((cell) => ({ type: 'tableCell', children: joinTexts(cell) })) };
}

/** An item of a list. */
export function item(children: readonly PhrasingContent[], checked?: boolean): ListItem {
  const content: BlockContent[] = [paragraph(children)];
  return { type: 'listItem', spread: false, children: content, ...(checked === undefined ? {} : { checked }) };
}

/** A tight list; nothing where there are no items. */
export function list(children: readonly ListItem[], ordered = false): List[] {
  return children.length === 0 ? [] : [{ type: 'list', ordered, spread: false, children: [...children] }];
}

/** Parts with something between them. */
export function intersperse(parts: readonly PhrasingContent[][], between = separator): PhrasingContent[] {
  return parts.flatMap((part, i) => (i === 0 ? part : [plain(between), ...part]));
}

/** A link to a file of the board, relative to its folder, only where the path is as plain as those that the board makes. */
export function linkTo(path: string, words: string): PhrasingContent {
  const isPlain = /^[\w][\w./-]*$/.test(path) && !path.includes('..');
  return isPlain ? ({ type: 'link', url: path, children: [plain(words)] } satisfies Link) : code(path);
}

/** Others' text as a quotation, line by line; nothing where there is none. */
export function quote(text: string | null): RootContent[] {
  const paragraphs: PhrasingContent[][][] = [[]];
  for (const line of text === null ? [] : cleanLines(text)) {
    if (line === '') paragraphs.push([]);
    else paragraphs.at(-1)?.push(prose(line));
  }
  const children = paragraphs.filter((block) => block.length > 0).map((block) => paragraph(intersperse(block, '\n')));
  return children.length === 0 ? [] : [{ type: 'blockquote', children }];
}

/**
 * The last lines of an output, as they were printed. No line of it can be taken for a heading or a comment of the board's,
 * also where somebody removes the fence.
 */
export function fenced(output: string | null): RootContent[] {
  if (output === null) return [];
  const last = output
    .slice(-limits.maxOutputChars)
    .trimEnd()
    .split(/\r?\n|\r/)
    .slice(-limits.maxOutputLines);
  const value = last
    .map((line) =>
      toVisibleLine(line)
        .trimEnd()
        .replace(/^ {0,3}(?=#)/, '    ')
        .replaceAll('<!--', '<! --'),
    )
    .join('\n');
  return value.trim() === '' ? [] : [{ type: 'code', lang: 'text', value } satisfies Code];
}
