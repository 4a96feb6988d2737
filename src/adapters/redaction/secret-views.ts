/**
 * Decodes a text in every usual way: each view holds its bytes in UTF-8, each byte with the place in the text that it
 * stands for, so that a find in a view can be taken out of the text. Each view is made in one pass over another.
 */

/** See the file's head. */
export interface View {
  readonly bytes: Buffer;
  /** Where the characters that a byte stands for begin in the text, in UTF-16 units, in rising order. */
  readonly starts: Uint32Array;
  /** How many units they are. */
  readonly widths: Uint8ClampedArray;
}

/** An empty view with room for so many bytes. */
function makeRoom(maxBytes: number): View {
  return {
    bytes: Buffer.allocUnsafe(maxBytes),
    starts: new Uint32Array(maxBytes),
    widths: new Uint8ClampedArray(maxBytes),
  };
}

/** The first bytes of a view. */
function cut({ bytes, starts, widths }: View, length: number): View {
  return {
    bytes: bytes.subarray(0, length),
    starts: starts.subarray(0, length),
    widths: widths.subarray(0, length),
  };
}

/** Not ASCII, and nothing that is seen: a secret may be broken by it. */
const unseen = /[^\S\t-\r ]|\p{Default_Ignorable_Code_Point}/u;

/** A text as it is, without what is not seen. */
export function viewText(text: string): View {
  const view = makeRoom(Buffer.byteLength(text));
  const { bytes, starts, widths } = view;
  let length = 0;
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at) ?? 0;
    const width = code > 0xffff ? 2 : 1;
    const written = code < 0x80 ? 1 : writeSeen(text.slice(at, at + width), bytes, length);
    if (code < 0x80) bytes[length] = code;
    for (const end = length + written; length < end; length++) {
      starts[length] = at;
      widths[length] = width;
    }
    at += width;
  }
  return cut(view, length);
}
/** The number of bytes written for a character: none where it is invisible. */
function writeSeen(character: string, bytes: Buffer, at: number): number {
  return unseen.test(character) ? 0 : bytes.write(character, at);
}

/** The text as it is, as it is decoded, and as it is decoded twice, each way only where that changes something. */
export function listViews(text: string): readonly View[] {
  const whole = viewText(text);
  const once = decode(whole);
  return [whole, ...once, ...once.flatMap(decode)];
}

function decode(view: View): readonly View[] {
  return [decodePercents(view), decodeBackslashes(view)].filter((decoded) => decoded !== null);
}

const percent = 0x25;
const backslash = 0x5c;

/** `%41` is `A`, in URLs. */
function decodePercents(view: View): View | null {
  return replace(view, percent, (at) => {
    const byte = readHex(view.bytes, at + 1, 2);
    return byte === null ? null : { bytes: [byte], length: 3 };
  });
}

/** The character that a letter behind a backslash stands for, if it is not itself. */
const named: ReadonlyMap<number, number> = new Map(
  Object.entries({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' }).map(([letter, character]) => [
    letter.charCodeAt(0),
    character.charCodeAt(0),
  ]),
);

/** `\"`, `\u0041` and their like, in JSON and most languages; a backslash at the end of a line goes with that end. */
function decodeBackslashes(view: View): View | null {
  const { bytes } = view;
  return replace(view, backslash, (at) => {
    const letter = bytes[at + 1];
    if (letter === undefined) return null;
    if (letter === 0x75) return decodeCodeUnits(bytes, at);
    const byte = letter === 0x78 ? readHex(bytes, at + 2, 2) : null;
    if (byte !== null) return { bytes: [byte], length: 4 };
    return { bytes: letter === 0x0a ? [] : [named.get(letter) ?? letter], length: 2 };
  });
}

interface Decoded {
  readonly bytes: Iterable<number>;
  /** How many bytes of the view it stands for. */
  readonly length: number;
}

/** `\u0041`, or two of them that are one character together. */
function decodeCodeUnits(bytes: Buffer, at: number): Decoded | null {
  const first = readHex(bytes, at + 2, 4);
  if (first === null) return null;
  const isHalf = first >= 0xd800 && first < 0xdc00 && bytes[at + 6] === backslash && bytes[at + 7] === 0x75;
  const second = isHalf ? readHex(bytes, at + 8, 4) : null;
  const character = second === null ? String.fromCharCode(first) : String.fromCharCode(first, second);
  return { bytes: Buffer.from(character), length: second === null ? 6 : 12 };
}

/** The view with what begins with `sign` decoded; null where nothing is. */
function replace(view: View, sign: number, decodeAt: (at: number) => Decoded | null): View | null {
  const { bytes, starts, widths } = view;
  let at = bytes.indexOf(sign);
  if (at === -1) return null;
  const room = makeRoom(bytes.length);
  let length = 0;
  let copied = 0;
  const copyUntil = (end: number) => {
    room.bytes.set(bytes.subarray(copied, end), length);
    room.starts.set(starts.subarray(copied, end), length);
    room.widths.set(widths.subarray(copied, end), length);
    length += end - copied;
    copied = end;
  };
  let isChanged = false;
  for (; at !== -1; at = bytes.indexOf(sign, Math.max(copied, at + 1))) {
    const decoded = decodeAt(at);
    if (decoded === null) continue;
    isChanged = true;
    copyUntil(at);
    copied = at + decoded.length;
    const start = starts[at] ?? 0;
    const end = (starts[copied - 1] ?? 0) + (widths[copied - 1] ?? 0);
    for (const byte of decoded.bytes) {
      room.bytes[length] = byte;
      room.starts[length] = start;
      room.widths[length] = end - start;
      length++;
    }
  }
  copyUntil(bytes.length);
  return isChanged ? cut(room, length) : null;
}

/** A number of so many hexadecimal digits, or null. */
function readHex(bytes: Buffer, at: number, digits: number): number | null {
  const text = bytes.toString('latin1', at, at + digits);
  return text.length === digits && /^[\da-f]+$/i.test(text) ? Number.parseInt(text, 16) : null;
}

/** Maps each byte to another one, or to nothing (-1). */
export type Table = Int16Array;

/** A table that changes the bytes of `from` to those that stand at the same place in `to`, and leaves out `dropped`. */
export function makeTable(from: string, to: string, dropped: string): Table {
  const table = Int16Array.from({ length: 256 }, (_, byte) => byte);
  Buffer.from(from).forEach((byte, at) => (table[byte] = to.charCodeAt(at)));
  for (const byte of Buffer.from(dropped)) table[byte] = -1;
  return table;
}

/** The view with its bytes changed by a table. */
export function translate({ bytes, starts, widths }: View, table: Table): View {
  const room = makeRoom(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = table[bytes[at] ?? 0] ?? -1;
    if (byte === -1) continue;
    room.bytes[length] = byte;
    room.starts[length] = starts[at] ?? 0;
    room.widths[length] = widths[at] ?? 0;
    length++;
  }
  return cut(room, length);
}
