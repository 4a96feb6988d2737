/** Small, bounded helpers for text that comes from a user, a file name or an agent. */

/** Shortens text to at most `maxChars` UTF-16 units, the last one an ellipsis; never cuts a character in two. */
export function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const end = maxChars - 1;
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
  return `${text.slice(0, splitsPair ? end - 1 : end).trimEnd()}…`;
}

/** One line: control characters, line ends, direction marks and runs of white space become one space each; trimmed. */
export function toOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim();
}

/** The most characters of a user's value that a message repeats. */
const maxQuotedChars = 60;

/** A user's text as a message shows it: in double quotes, escaped, shortened. */
export function quote(text: string): string {
  return JSON.stringify(clip(text, maxQuotedChars));
}

/** Where the first C0 control character other than tab, line feed and carriage return stands, or undefined. */
export function findControlCharacter(text: string): number | undefined {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return index;
  }
  return undefined;
}

/** The line end that a text uses: that of its first line, `\n` where it has one line. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  const first = text.indexOf('\n');
  return first > 0 && text.charAt(first - 1) === '\r' ? '\r\n' : '\n';
}
