/**
 * Finds values in a text, in whatever form they stand there: as they are, with spaces between their letters or over two
 * lines, in the escapes of JSON and of addresses, in base64 and in hexadecimal. The text's views are made once; each is
 * searched for each value's bytes.
 */
import { minSecretChars, type Secret } from './secret-names.ts';
import { listViews, makeTable, translate, viewText, type View } from './secret-views.ts';

/** A part of a text that must not be shown. */
export interface Find {
  readonly start: number;
  readonly end: number;
  /** The variable that holds it, or null. */
  readonly name: string | null;
}

/** A value to search for, in one of its forms. */
interface Needle {
  readonly name: string;
  /** Its bytes, each as one character: strings are searched faster than buffers. */
  readonly chars: string;
  /** So many of them at a place where the text was cut off are taken for a part of it. */
  readonly minPart: number;
}

/** Needles by what a view is made into before it is searched. */
interface Needles {
  readonly spaced: readonly Needle[];
  readonly unspaced: readonly Needle[];
  readonly base64: readonly Needle[];
  readonly hex: readonly Needle[];
}

/** Where a text was cut: a value may go on there, or may have begun before. */
export interface Cuts {
  /** In rising order. */
  readonly ends: readonly number[];
  readonly isBeginningCut: boolean;
}

/** A line of a value of several lines is a secret of its own from this length on. */
const minLineChars = 16;
/** Shorter parts of such a form are found in words and numbers. */
const minBase64Chars = 11;
const minHexChars = 16;

/** Makes what finds these secrets in a text. */
export function createFinder(secrets: readonly Secret[]): (text: string, cuts: Cuts) => readonly Find[] {
  if (secrets.length === 0) return () => [];
  const needles = listNeedles(secrets);
  return (text, cuts) => {
    if (text.length < minSecretChars) return [];
    return listViews(text).flatMap((view) => {
      const unspaced = dropSpaces(view);
      return [
        ...search(view, needles.spaced, cuts),
        ...search(unspaced, needles.unspaced, cuts),
        ...search(translate(unspaced, base64), needles.base64, cuts),
        ...search(translate(unspaced, hex), needles.hex, cuts),
      ];
    });
  };
}

function listNeedles(secrets: readonly Secret[]): Needles {
  const needles = { spaced: new Needs(), unspaced: new Needs(), base64: new Needs(), hex: new Needs() };
  for (const { name, value } of secrets) {
    for (const form of [value, ...listLines(value)]) {
      const view = viewText(form);
      const unspaced = dropSpaces(view).bytes;
      // A value of hardly more than spaces is not searched for without them: it would match anything.
      if (unspaced.length < minSecretChars) needles.spaced.add(name, view.bytes, minSecretChars);
      else needles.unspaced.add(name, unspaced, minSecretChars);
      // Forms that are sent write a space so.
      if (form.includes(' ')) {
        needles.unspaced.add(name, dropSpaces(viewText(form.replaceAll(' ', '+'))).bytes, minSecretChars);
      }
    }
    const bytes = Buffer.from(value);
    for (const form of listBase64(bytes)) needles.base64.add(name, form, minBase64Chars);
    const digits = bytes.toString('hex');
    needles.hex.add(name, Buffer.from(digits), minHexChars);
    needles.hex.add(name, Buffer.from(digits.replace(/../g, '0$&')), minHexChars);
  }
  return {
    spaced: needles.spaced.list(),
    unspaced: needles.unspaced.list(),
    base64: needles.base64.list(),
    hex: needles.hex.list(),
  };
}

/** Needles, each once: the first name counts. */
class Needs {
  readonly #byChars = new Map<string, Needle>();

  add(name: string, bytes: Buffer, minPart: number): void {
    const chars = bytes.toString('latin1');
    if (!this.#byChars.has(chars)) this.#byChars.set(chars, { name, chars, minPart });
  }

  list(): readonly Needle[] {
    return [...this.#byChars.values()];
  }
}

function listLines(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length > 1 ? lines.filter((line) => line.length >= minLineChars) : [];
}

/** The letters of base64 that these bytes alone decide, as the first, second or third of the three that go together. */
function listBase64(bytes: Buffer): readonly Buffer[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    return Buffer.from(text.slice(first, end));
  });
}

const spaces = makeTable('', '', '\t\n\v\f\r ');

function dropSpaces(view: View): View {
  return translate(view, spaces);
}

/** The letters of base64 that addresses use become those of the usual one. */
const base64 = makeTable('-_', '+/', '');
/** Lower case, without what stands between bytes: `68:75`, `68-75`, and with a zero before each `0x68, 0x75`. */
const hex = makeTable('ABCDEF', 'abcdef', ':-,xX');

function search(view: View, needles: readonly Needle[], cuts: Cuts): readonly Find[] {
  const chars = view.bytes.toString('latin1');
  const tails = listTails(view, chars, cuts.ends);
  const finds: Find[] = [];
  const note = (name: string, from: number, to: number, patch: Partial<Find> = {}) => {
    const end = (view.starts[to - 1] ?? 0) + (view.widths[to - 1] ?? 0);
    finds.push({ name, start: view.starts[from] ?? 0, end, ...patch });
  };
  for (const needle of needles) {
    const { name } = needle;
    const { length } = needle.chars;
    for (let at = chars.indexOf(needle.chars); at !== -1; at = chars.indexOf(needle.chars, at + length)) {
      note(name, at, at + length);
    }
    for (const { from, to, cut } of tails) {
      const begun = findBeginning(chars.slice(Math.max(from, to - length + 1), to), needle);
      if (begun > 0) note(name, to - begun, to, { end: cut });
    }
    const left = cuts.isBeginningCut ? findEnd(chars.slice(0, length - 1), needle) : 0;
    if (left > 0) note(name, 0, left, { start: 0 });
  }
  return finds;
}

/** The text before a cut, from the last cut on. */
interface Tail {
  readonly from: number;
  readonly to: number;
  /** Where it was cut, in the text. */
  readonly cut: number;
}

/** An escape that was cut, such as `%2`, has at most so many bytes. */
const maxCutEscapeBytes = 11;

function listTails({ starts }: View, chars: string, cuts: readonly number[]): readonly Tail[] {
  const tails: Tail[] = [];
  let to = 0;
  for (const cut of cuts) {
    const from = to;
    while (to < starts.length && (starts[to] ?? 0) < cut) to++;
    if (to - from < minSecretChars) continue;
    tails.push({ from, to, cut });
    // A value that was cut in the middle of an escape ends before that escape.
    const end = chars.slice(Math.max(from, to - maxCutEscapeBytes), to);
    const escape = Math.max(end.lastIndexOf('%'), end.lastIndexOf('\\'));
    if (escape !== -1) tails.push({ from, to: to - end.length + escape, cut });
  }
  return tails;
}

/** The length of the longest beginning of the needle that a text ends with; 0 where it is too short to be sure. */
function findBeginning(text: string, { chars, minPart }: Needle): number {
  const least = chars.slice(0, minPart);
  for (let at = text.indexOf(least); at !== -1; at = text.indexOf(least, at + 1)) {
    if (chars.startsWith(text.slice(at))) return text.length - at;
  }
  return 0;
}

/** The length of the longest end of the needle that a text begins with; 0 where it is too short to be sure. */
function findEnd(text: string, { chars, minPart }: Needle): number {
  const least = chars.slice(-minPart);
  for (let at = text.lastIndexOf(least); at !== -1; at = at === 0 ? -1 : text.lastIndexOf(least, at - 1)) {
    if (chars.endsWith(text.slice(0, at + minPart))) return at + minPart;
  }
  return 0;
}
