import { describe, expect, it } from 'vitest';

import { fc, runs } from '../properties.ts';
import {
  countChanges,
  extractNotes,
  extractStamp,
  mergeNotes,
  notesHint,
  replaceNotes,
  salvage,
} from '../../src/markdown/user-zones.ts';

const generated = '# Orchestrator Dashboard\n\n_Running · updated 14:32:05_\n\n## Quick Status\n\nNo tasks yet\n\n';

describe('extractNotes', () => {
  it('gives back the notes that were put in, byte for byte', () => {
    const pieces = fc.constantFrom(
      '\n',
      '\r\n',
      ' ',
      '\t',
      '## User Notes',
      notesHint,
      '- [ ] a',
      '```',
      '\u0000',
      'é',
      '(',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.array(pieces).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (notes) => {
        expect(extractNotes(replaceNotes(generated, notes))).toEqual({ found: true, notes });
      }),
    );
  });

  it.each([
    ['another level', `${generated}# User Notes\n${notesHint}\n\nmine\n`],
    ['another case', `${generated}## USER notes ##\n${notesHint}\n\nmine\n`],
    ['no hint', `${generated}## User Notes\n\nmine\n`],
    ['no blank line', `${generated}## User Notes\n${notesHint}\nmine\n`],
    ['a blank line above the hint', `${generated}## User Notes\n\n${notesHint}\n\nmine\n`],
    ['a hint broken into lines', `${generated}## User Notes\n${notesHint.replace(' from', '\nfrom')}\n\nmine\n`],
    ['text behind the hint', `${generated}## User Notes\n${notesHint}mine\n`],
  ])('finds them with %s', (_, dashboard) => {
    expect(extractNotes(dashboard)).toEqual({ found: true, notes: 'mine\n' });
  });

  it('copes with carriage returns', () => {
    const dashboard = replaceNotes(generated, 'a\nb\n').replaceAll('\n', '\r\n');
    expect(extractNotes(dashboard)).toEqual({ found: true, notes: 'a\r\nb\r\n' });
  });

  it('takes the first heading, and leaves later ones to the user', () => {
    const notes = '```\n## User Notes\n```\n## User Notes\nmore\n';
    expect(extractNotes(replaceNotes(generated, notes)).notes).toBe(notes);
  });

  it('finds no notes without a heading, and none in a file that was cut in the hint', () => {
    expect(extractNotes('## User Notes of mine\nx')).toEqual({ found: false, notes: '' });
    expect(extractNotes(`${generated}## User Notes\n${notesHint.slice(0, 20)}`)).toEqual({ found: true, notes: '' });
  });
});

describe('replaceNotes', () => {
  it('leaves all above the heading as it is, and makes the section where there is none', () => {
    const dashboard = replaceNotes(generated, 'a\n');
    expect(replaceNotes(dashboard, 'b\n')).toBe(dashboard.replace('\na\n', '\nb\n'));
    expect(replaceNotes('', 'b\n')).toBe(`## User Notes\n${notesHint}\n\nb\n`);
  });
});

describe('extractStamp', () => {
  it('is the status line, whatever was typed around it and whatever the line ends are', () => {
    const stamp = extractStamp(generated);
    expect(stamp).toBe('_Running · updated 14:32:05_');
    expect(extractStamp(replaceNotes(generated, 'x').replaceAll('\n', '\r\n'))).toBe(stamp);
    expect(extractStamp(generated.replace('\n', '\ntyped\n'))).toBe(stamp);
  });

  it('is all above the first section where the status line was broken', () => {
    expect(extractStamp(generated.replace('· ', '·\n'))).toBe('# Orchestrator Dashboard _Running · updated 14:32:05_');
  });
});

const text = fc
  .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'a\r\n', 'd'), { maxLength: 8 })
  .map((lines) => lines.join(''));
/** What becomes of the lines a to d when some are removed and some are added at one place or another. */
const edited = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom('x\n', 'y\n', 'z\n')),
    fc.array(fc.nat(4)),
    fc.subarray(['a\n', 'b\n', 'c\n', 'd\n']),
  )
  .map(([added, places, kept]) => {
    const lines = [...kept];
    for (const [i, line] of added.entries()) lines.splice(places[i] ?? 0, 0, line);
    return lines.join('');
  });
const linesOf = (value: string) => value.split(/\r?\n/);

describe('mergeNotes', () => {
  it.each([
    ['an addition of each side, ours above', 'a\n', 'a\nours\n', 'a\ntheirs\n', 'a\nours\ntheirs\n'],
    ['an addition of both once', 'a\n', 'a\nx\ny\n', 'a\nx\n', 'a\nx\ny\n'],
    ['both versions of a line that both changed', 'a\n', 'A\n', 'AA\n', 'A\nAA\n'],
    ['changes of neighbouring lines', 'a\nb\n', 'A\nb\n', 'a\nB\n', 'A\nB\n'],
    ['a change of a line that the other removed', 'a\nb\n', 'b\n', 'aa\nb\n', 'aa\nb\n'],
    ['a removal', 'a\nb\nc\n', 'a\nb\nc\nd\n', 'a\nc\n', 'a\nc\nd\n'],
    ['an addition below a last line without an end', 'a', 'a', 'a\nb', 'a\nb'],
    ['additions below a last line without an end', 'a', 'a\nb', 'a\nc', 'a\nb\nc'],
    ['our line ends where theirs are all that changed', 'a\nb\n', 'a\nb\nc\n', 'a\r\nb\r\n', 'a\nb\nc\n'],
    ['a line that was cut, and is complete now', '1\n2\n3\n', '1\n2\n3\nmore\n', '1\n2\n3\n4\n', '1\n2\n3\nmore\n4\n'],
    ['one copy of what both added around a removed line', '1\n2x', '1\n2x\nnew\n', '1\n2\n3\nnew\n', '1\n2\n3\nnew\n'],
  ])('keeps %s', (_, base, ours, theirs, merged) => {
    expect(mergeNotes(base, ours, theirs)).toBe(merged);
  });

  it('drops no line that a side added', () => {
    fc.assert(
      fc.property(text, text, text, (base, ours, theirs) => {
        const merged = linesOf(mergeNotes(base, ours, theirs));
        for (const side of [ours, theirs]) {
          const added = linesOf(side).filter((line) => line !== '' && !linesOf(base).includes(line));
          for (const line of added) expect(merged).toContain(line);
        }
      }),
      runs(2_000),
    );
  });

  it('removes nothing where the base is not known', () => {
    fc.assert(
      fc.property(text, text, (ours, theirs) => {
        expect(countChanges(ours, mergeNotes('', ours, theirs)).lost).toBe(0);
        expect(countChanges(theirs, mergeNotes('', ours, theirs)).lost).toBe(0);
      }),
      runs(2_000),
    );
  });

  it('takes a side as it is where the other changed nothing', () => {
    fc.assert(
      fc.property(text, text, (base, changed) => {
        expect(mergeNotes(base, base, changed)).toBe(changed);
        expect(mergeNotes(base, changed, base)).toBe(changed);
        expect(mergeNotes(base, changed, changed)).toBe(changed);
      }),
    );
  });

  it('changes nothing when the same save is merged again', () => {
    fc.assert(
      fc.property(edited, edited, (ours, theirs) => {
        const base = 'a\nb\nc\nd\n';
        const merged = mergeNotes(base, ours, theirs);
        expect(mergeNotes(base, merged, theirs)).toBe(merged);
      }),
      runs(5_000),
    );
  });

  it('is quick with long notes', () => {
    const base = Array.from({ length: 20_000 }, (_, i) => `line ${String(i)}\n`).join('');
    const merged = mergeNotes(base, `${base}ours\n`, `first\n${base}`);
    expect(merged).toBe(`first\n${base}ours\n`);
  });
});

describe('salvage', () => {
  const written = replaceNotes(generated, 'kept\n');

  it('keeps the lines that were not written, in their order, with blank lines between', () => {
    const current = '# Orchestrator Dashboard\n\nb\n\n\na\n## Quick Status\n\nNo tasks yet\nc';
    expect(salvage(current, written)).toBe('b\n\n\na\nc\n');
  });

  it('finds nothing in what was written, whole, cut or empty', () => {
    for (let length = 0; length <= written.length; length += 1) {
      expect(salvage(written.slice(0, length), written)).toBe('');
    }
    expect(salvage(written.replaceAll('\n', '\r\n'), written)).toBe('');
  });

  it('keeps all where nothing is known to be generated', () => {
    expect(salvage('# Mine\n\ntext', null)).toBe('# Mine\n\ntext');
  });
});
