/** Cuts long text without leaving half a character. */

/** The first `maxChars` UTF-16 units of a text, less one where that would cut a character. */
export function keepStart(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  const cutsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, cutsPair ? maxChars - 1 : maxChars);
}

/** The last `maxChars` UTF-16 units of a text, less one where that would cut a character. */
export function keepEnd(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const from = text.length - maxChars;
  const first = text.charCodeAt(from);
  const cutsPair = first >= 0xdc00 && first <= 0xdfff;
  return text.slice(cutsPair ? from + 1 : from);
}
