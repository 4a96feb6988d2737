/** A markdown text's first heading, found by a bounded scan of its lines: the text is not parsed. */

/** A heading further down is not looked for. */
const maxScannedLines = 2000;
/** No more of a line is looked at. */
const maxScannedLineChars = 500;

/** The text of the first ATX or setext heading outside of fenced and indented code; undefined where there is none. */
export function findFirstHeading(markdown: string): string | undefined {
  let fence: string | null = null;
  let paragraph: string[] = [];
  for (const line of readLines(markdown)) {
    if (fence !== null) {
      if (closesFence(line, fence)) fence = null;
      continue;
    }
    const heading = readAtxHeading(line);
    if (heading !== undefined && heading !== '') return heading;
    const opening = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/.exec(line)?.[1];
    if (opening !== undefined) fence = opening;
    if (paragraph.length > 0 && /^ {0,3}(?:=+|-+)[ \t]*$/.test(line)) return paragraph.join(' ');
    if (opening !== undefined || heading !== undefined || line.trim() === '') paragraph = [];
    else if (paragraph.length > 0 || beginsParagraph(line)) paragraph.push(line.trim());
  }
  return undefined;
}

function* readLines(text: string): Generator<string> {
  let start = 0;
  for (let count = 0; count < maxScannedLines && start < text.length; count += 1) {
    const end = text.indexOf('\n', start);
    const next = end === -1 ? text.length : end;
    yield text.slice(start, Math.min(next, start + maxScannedLineChars)).replace(/\r$/, '');
    start = next + 1;
  }
}

function readAtxHeading(line: string): string | undefined {
  const text = /^ {0,3}#{1,6}(?:[ \t](.*))?$/.exec(line);
  if (text === null) return undefined;
  return ` ${text[1] ?? ''}`
    .trimEnd()
    .replace(/[ \t]#+$/, '')
    .trim();
}

/** Lists, quotes, tables and HTML are no paragraph that a line of dashes below could turn into a heading. */
function beginsParagraph(line: string): boolean {
  return !/^(?: {4}|\t| {0,3}(?:[-+*>|<=]|\d{1,9}[.)]))/.test(line);
}

function closesFence(line: string, fence: string): boolean {
  const mark = line.trim();
  return mark.length >= fence.length && mark === fence.charAt(0).repeat(mark.length) && /^ {0,3}\S/.test(line);
}
