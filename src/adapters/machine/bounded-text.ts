/** Cuts long text without leaving half a character, or at its beginning half a word: that of a token passes for none. */

/** Characters that may be the rest of a cut word, in a language that puts spaces or quotes around its words. */
const restOfWord = /^[^\s"'`,\u0080-\uffff]+/;

/** The first `maxChars` UTF-16 units of a text, less one where that would cut a character. */
export function keepStart(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  const cutsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, cutsPair ? maxChars - 1 : maxChars);
}

/** The end of a text, at most `maxChars` UTF-16 units, from the first word that is whole. */
export function keepEnd(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const from = text.length - maxChars;
  const first = text.charCodeAt(from);
  const cutsPair = first >= 0xdc00 && first <= 0xdfff;
  return dropRestOfWord(text.slice(cutsPair ? from + 1 : from));
}

/** A text whose beginning was cut off, from its first whole word on. */
export function dropRestOfWord(text: string): string {
  return text.replace(restOfWord, '');
}
