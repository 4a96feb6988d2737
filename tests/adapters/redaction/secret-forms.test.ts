import { describe, expect, it } from 'vitest';
import { fc, runs } from '../../properties.ts';
import { createRedactor } from '../../../src/adapters/redaction/redactor.ts';

const nothingExists = () => false;
const secret = 'hünter2/long+secret"7';
const redact = createRedactor([{ DB_PASSWORD: secret }], nothingExists);

const everyByte = (text: string, write: (byte: string) => string) =>
  Buffer.from(text).toString('hex').replace(/../g, write);
const escaped = (text: string) =>
  text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Ways to write a text, each of which somebody reads back by a well-known means. */
const forms: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in JSON': (text) => JSON.stringify(text).slice(1, -1),
  'in JSON, each unit escaped': escaped,
  'in JSON, in capitals': (text) => escaped(text).replace(/[a-f]/g, (digit) => digit.toUpperCase()),
  'in JSON within JSON': (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  'in an address': (text) => encodeURIComponent(text),
  'in an address, in small letters': (text) =>
    encodeURIComponent(text).replace(/%../g, (escape) => escape.toLowerCase()),
  'in an address, each byte encoded': (text) => everyByte(text, (byte) => `%${byte}`),
  'in an address, each byte encoded, in capitals': (text) => everyByte(text, (byte) => `%${byte.toUpperCase()}`),
  'in an address, encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'in a form that is sent': (text) => new URLSearchParams({ x: text }).toString().slice(2),
  'in an address within JSON': (text) => JSON.stringify(encodeURIComponent(text)).slice(1, -1),
  'in hexadecimal': (text) => Buffer.from(text).toString('hex'),
  'in hexadecimal, in capitals': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'in hexadecimal with colons': (text) => everyByte(text, (byte) => `${byte}:`),
  'in hexadecimal, as od prints it': (text) => everyByte(text, (byte) => ` ${byte}`).replace(/(.{48})/g, '$1\n'),
  'in hexadecimal, as C writes it': (text) => everyByte(text, (byte) => `0x${byte}, `),
  'as a shell escapes bytes': (text) => everyByte(text, (byte) => `\\x${byte}`),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64 behind one byte': (text) => Buffer.from(`:${text}`).toString('base64'),
  'in base64 between others': (text) => Buffer.from(`me:${text}\nand more`).toString('base64'),
  'in base64 for addresses': (text) => Buffer.from(text).toString('base64url'),
  'in base64 for addresses, between others': (text) => Buffer.from(`?>:${text}??>>`).toString('base64url'),
  'in base64 over lines': (text) =>
    Buffer.from(`>>>${text}`)
      .toString('base64')
      .replace(/(.{7})/g, '$1\n'),
  'in base64 within an address': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
  'with spaces between its letters': (text) => text.match(/./gsu)?.join(' ') ?? '',
  'over two lines': (text) => `${text.slice(0, 3)}\r\n   ${text.slice(3)}`,
  'over two lines of a string in JSON': (text) => JSON.stringify(`${text.slice(0, 3)}\n${text.slice(3)}`).slice(1, -1),
  'over two lines of a command': (text) => `${text.slice(0, 3)}\\\n${text.slice(3).replaceAll('\\', '\\\\')}`,
  'with what is not seen in it': (text) => text.match(/./gsu)?.join('\u200d') ?? '',
};

describe('a secret is found', () => {
  it.each(Object.entries(forms))('%s', (_, write) => {
    const redacted = redact(`It is: ${write(secret)} (so)`);
    expect(redacted).toMatch(/^It is: .{0,4}\[redacted DB_PASSWORD\].{0,16} ?\(so\)$/s);
  });

  it('where its form was cut off', () => {
    const long = 'x '.repeat(60);
    const base64 = Buffer.from(secret).toString('base64');
    expect(redact(`${long}${base64.slice(0, 14)}`)).toBe(`${long}[redacted DB_PASSWORD]`);
    expect(redact(`it is "${base64.slice(0, 14)}…"`)).toBe('it is "[redacted DB_PASSWORD]…"');
    expect(redact(`${base64.slice(9)} ${long}`)).toBe(`[redacted DB_PASSWORD]w== ${long}`);
    expect(redact(`it is "${encodeURIComponent(secret).slice(0, 13)}…"`)).toBe('it is "[redacted DB_PASSWORD]…"');
    expect(redact(`it is "${encodeURIComponent(secret).slice(0, 14)}…"`)).toBe('it is "[redacted DB_PASSWORD]…"');
  });

  it('where its value holds what is not seen, or hardly more than spaces', () => {
    const odd = createRedactor([{ A_KEY: 'one\u200bvalue\u001b[1m2' }, { B_KEY: 'a \t b \t c' }], nothingExists);
    expect(odd('one\u200bvalue\u001b[1m2 and onevalue2')).toBe('[redacted A_KEY] and [redacted A_KEY]');
    expect(odd('abc a b c a \t b \t c')).toBe('abc a b c [redacted B_KEY]');
  });

  it('and nothing that only looks like a part of it', () => {
    for (const text of [
      'hünter2/long',
      'a9 bc de f0 11 22 33 44 55',
      'aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=',
      '%20%41 \\u0041 \\n',
    ]) {
      expect(redact(text)).toBe(text);
    }
  });
});

describe('any secret in any text', () => {
  const letter = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) },
    { weight: 1, arbitrary: fc.constantFrom('ä', 'é', '€', '字', '😀', '\t', '\n', '%', '\\', '"', '/', '+') },
  );
  // The first three are of one unit each, since some forms break it behind them.
  const anySecret = fc
    .tuple(fc.stringMatching(/^[A-Za-z0-9]{3}$/), fc.string({ unit: letter, minLength: 5, maxLength: 40 }))
    .map(([first, rest]) => first + rest.trim())
    .filter((text) => text.replace(/\s/g, '').length >= 8 && !/^\d*$/.test(text));
  const anyText = fc.string({ unit: fc.oneof(letter, fc.constantFrom('…', '[redacted]', '%4', '\\u', '-----')) });
  it.each(Object.entries(forms))('is not in the output: %s', (_, write) => {
    fc.assert(
      fc.property(anySecret, anyText, anyText, (value, before, after) => {
        const hide = createRedactor([{ S_KEY: value }], nothingExists);
        const written = write(value);
        // What stands before it must not make an escape or a mark of its first letters.
        const redacted = hide(`${before} | ${written} | ${after}`);
        const core = written.replace(/^[\s:]+|[\s:=,]+$/g, '');
        expect(redacted).toContain('[redacted');
        expect(redacted).not.toContain(core);
      }),
      runs(60),
    );
  });

  it('is found again in no text that was redacted once', () => {
    fc.assert(
      fc.property(anySecret, anyText, (value, text) => {
        const hide = createRedactor([{ S_KEY: value }], nothingExists);
        const redacted = hide(`${text}${value}${text}`);
        expect(hide(redacted)).toBe(redacted);
      }),
    );
  });

  it('leaves a text without secrets as it is', () => {
    const hide = createRedactor([{ A_KEY: 'ZZZZZZZZZZ' }, { B_KEY: 'Q7-qqqqqqqqqq' }], nothingExists);
    const words = fc.constantFrom(
      'a',
      'bc',
      ' ef',
      '. ',
      '\n',
      '-',
      '%41',
      '\\n',
      '\\u0062',
      '0x',
      '[redacted]',
      '…',
      'é',
      '//',
    );
    fc.assert(fc.property(fc.string({ unit: words, maxLength: 300 }), (text) => hide(text) === text));
  });
});
