import { describe, expect, it } from 'vitest';
import { fc } from '../../properties.ts';
import { LineSplitter } from '../../../src/adapters/agent/line-splitter.ts';

const mebibyte = 1024 * 1024;

function splitAll(splitter: LineSplitter, chunks: readonly Uint8Array[]): { lines: string[]; passedOver: number } {
  const parts = [...chunks.map((chunk) => splitter.push(chunk)), splitter.end()];
  return {
    lines: parts.flatMap((part) => part.lines),
    passedOver: parts.reduce((sum, part) => sum + part.passedOver, 0),
  };
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut, characters of several bytes included', () => {
    const text = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }).filter((line) => !/[\r\n]/.test(line)));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );
        expect(splitAll(new LineSplitter(mebibyte), chunks)).toEqual({ lines, passedOver: 0 });
      }),
    );
  });

  it('leaves empty lines and carriage returns out, and gives a last line that lacks its end', () => {
    const split = splitAll(new LineSplitter(100), [Buffer.from('a\r\n\n\r\nb\nlast')]);
    expect(split.lines).toEqual(['a', 'b', 'last']);
  });

  it('passes over a line that is too long and reads on after it', () => {
    const split = splitAll(new LineSplitter(4), [Buffer.from('abcd\nabc'), Buffer.from('de\nok\ntoo long')]);
    expect(split).toEqual({ lines: ['abcd', 'ok'], passedOver: 2 });
  });

  it('does not keep what it passes over, so that 100 MB without a newline need no memory', () => {
    const splitter = new LineSplitter(mebibyte);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const before = process.memoryUsage();
    for (let fed = 0; fed < 100 * mebibyte; fed += chunk.length) splitter.push(chunk);
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(20 * mebibyte);
    expect(splitter.push(Buffer.from('\nnext\n'))).toEqual({ lines: ['next'], passedOver: 1 });
  });

  it('copies what it keeps, so that a read buffer can be used again', () => {
    const splitter = new LineSplitter(100);
    const buffer = Buffer.from('one');
    splitter.push(buffer);
    buffer.write('xxx');
    expect(splitter.push(Buffer.from('\n')).lines).toEqual(['one']);
  });
});
