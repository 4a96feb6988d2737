/** Quotes texts of others between marks that they can't end, so that they can't pass for the board's own words. */

/** Removes NUL, other control characters but tab and line ends, and halves of surrogate pairs; changes nothing else. */
export function cleanText(text: string): string {
  return text.replace(unprintable, '');
}

/** Puts a text, verbatim but for {@link cleanText}, between marks of its own whose name does not occur in it. */
export function fence(label: string, text: string): string {
  const clean = cleanText(text);
  const mark = `${label}-${findSuffix(clean)}`;
  return `<${mark}>\n${clean}${clean.endsWith('\n') ? '' : '\n'}</${mark}>`;
}

/** A name, path or command as one line of markdown code. */
export function code(text: string): string {
  const line = oneLine(text);
  const longestRun = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longestRun + 1);
  const gap = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${ticks}${gap}${line}${gap}${ticks}`;
}

/** A text on one line. */
export function oneLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').trim();
}

/** Control characters but tab, line feed and carriage return; and surrogates that stand alone. */
const unprintable = /(?![\t\n\r])[\p{Control}\p{Surrogate}]/gu;
/** Odd, so that adding it again and again comes by every 32-bit number. */
const nextSalt = 0x9e3779b1;

/** The same text always gets the same suffix; another one is taken as long as the text holds it. */
function findSuffix(text: string): string {
  const lower = text.toLowerCase();
  for (let salt = hash(text); ; salt = (salt + nextSalt) >>> 0) {
    const suffix = salt.toString(16).padStart(8, '0');
    if (!lower.includes(suffix)) return suffix;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
