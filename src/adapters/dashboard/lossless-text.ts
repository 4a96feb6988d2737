/**
 * Turns bytes into text and back without loss (surrogateescape, PEP 383), for files that a user may save in any
 * encoding: a byte that is no UTF-8 becomes a lone low surrogate (U+DC80 to U+DCFF), and the same byte again when it is
 * written.
 */
import { isUtf8 } from 'node:buffer';

const firstEscape = 0xdc00;

/** The bytes as text; {@link encodeText} gives the same bytes back. */
export function decodeBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  let i = 0;
  while (i < bytes.length) {
    const length = [1, 2, 3, 4].find((n) => i + n <= bytes.length && isUtf8(bytes.subarray(i, i + n)));
    text +=
      length === undefined ? String.fromCharCode(firstEscape + (bytes[i] ?? 0)) : bytes.toString('utf8', i, i + length);
    i += length ?? 1;
  }
  return text;
}

/** The text as UTF-8, with the bytes that {@link decodeBytes} could not read as they were. */
export function encodeText(text: string): Buffer {
  const parts = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/);
  if (parts.length === 1) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.of(part.charCodeAt(0) - firstEscape))),
  );
}
