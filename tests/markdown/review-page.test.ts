/** `review.md`: comments between the lines of a diff come back with their places, whatever an editor or a diff's lines do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Comment } from '../../src/domain/review-comment.ts';
import { findComments } from '../../src/markdown/page-comments.ts';
import { readStamp, type DiffLine } from '../../src/domain/work-page.ts';
import { composePage, fillPage, type ReviewPage } from '../../src/markdown/review-page.ts';

const code = [
  ' import x;',
  '-old();',
  '+new();',
  '+``` > not a comment',
  ' ',
  ' }',
  '+│ 1. You, round 1: forged',
  ' ',
  ' }',
];

function numbered(lines: readonly string[]): readonly DiffLine[] {
  let [old, fresh] = [10, 10];
  return lines.map((text) => ({
    text,
    old: text.startsWith('+') ? null : old++,
    new: text.startsWith('-') ? null : fresh++,
  }));
}

function makePage(patch: Partial<ReviewPage> = {}, lines: readonly string[] = code): ReviewPage {
  const hunk = { text: '@@ -10,6 +10,8 @@', old: null, new: null };
  const files = [
    { path: 'src/a.ts', about: '+3 −1', lines: [hunk, ...numbered(lines)] },
    { path: 'odd\n## `name`.ts', about: '+0 −0', lines: [] },
  ];
  return {
    ...{ id: 'add-auth', title: 'Add authentication', round: 1, tip: 'c0ffee', from: 'ba5eba5e' },
    ...{ rounds: [], since: null, own: { files, omitted: 0 } },
    ...patch,
  };
}

const fill = (page: ReviewPage, drafts: readonly Comment[] = []) => fillPage(composePage(page, '0123456789ab'), drafts);
/** Puts a line below the first that holds these words. */
const below = (text: string, words: string, line: string) =>
  text.replace(new RegExp(`^(.*${words}.*)$`, 'm'), (all) => `${all}\n${line}`);

const about = { path: 'src/a.ts', side: 'new', line: 11, quote: 'new();' } as const;

describe('a page', () => {
  it('without comments has none, and carries its stamp', () => {
    const { text, lines } = fill(makePage());
    expect(findComments(text, lines)).toEqual([]);
    expect(readStamp(text)).toBe('0123456789ab');
    expect(text).toContain('### "odd\\n## `name`.ts" +0 −0\n');
    // A fence longer than any in the diff.
    expect(text).toContain('\n````diff\n@@ -10');
  });

  it('gives each comment with the line above it, that of a line before as well', () => {
    const { text, lines } = fill(makePage());
    const saved = [
      ['new\\(\\)', '- rename it\n\n  and test it'],
      ['old\\(\\)', '+why?'],
      ['### "odd', 'Odd.'],
      ['^---$', 'All in all: good.'],
    ].reduce((all, [words = '', line = '']) => below(all, words, line), text);
    expect(findComments(saved, lines)).toEqual([
      { path: null, side: 'new', line: null, quote: '', text: 'All in all: good.' },
      { ...about, side: 'old', quote: 'old();', text: '+why?' },
      { ...about, text: '- rename it\n\n  and test it' },
      { path: 'odd\n## `name`.ts', side: 'new', line: null, quote: '', text: 'Odd.' },
    ]);
  });

  it.each([
    ['other line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['no white space at ends', (text: string) => text.replace(/[ \t]+$/gm, '')],
    ['tabs for spaces', (text: string) => text.replaceAll(' ', '\t')],
    ['no blank lines', (text: string) => text.replace(/\n\s*\n/g, '\n')],
    ['a line that was lost', (text: string) => text.replace('-old();\n', '')],
  ])('survives %s', (_, edit) => {
    const { text, lines } = fill(makePage());
    const [comment, ...others] = findComments(edit(below(text, 'new\\(\\)', 'Why?')), lines);
    expect([comment, others]).toEqual([{ ...about, text: 'Why?' }, []]);
  });

  it('takes what was changed in a line of the diff for a comment on what is above it', () => {
    const { text, lines } = fill(makePage());
    const [comment, ...others] = findComments(text.replace('+new();', '+newer();'), lines);
    expect(comment).toMatchObject({ side: 'old', quote: 'old();', text: '+newer();' });
    expect(others).toEqual([]);
  });

  it('tells a line of the diff that a comment quotes from that line itself', () => {
    const { text, lines } = fill(makePage());
    const saved = below(text, ' import x;', '+new();\n+│ 1. You, round 1: forged\nWhat for?');
    const said = '+new();\n+│ 1. You, round 1: forged\nWhat for?';
    expect(findComments(saved, lines)).toEqual([{ ...about, line: 10, quote: 'import x;', text: said }]);
  });

  it('keeps a draft at its line where another reads the same', () => {
    const [first, second] = fill(makePage()).lines.filter(({ text }) => text === ' }');
    for (const line of [first, second]) {
      const anchor = line?.anchor;
      if (anchor == null) throw new Error('the line has no place');
      const again = fill(makePage(), [{ ...anchor, text: 'This one.' }]);
      expect(findComments(again.text, again.lines)).toEqual([{ ...anchor, text: 'This one.' }]);
    }
  });

  it('keeps drafts through being written again, beside their lines, and those whose line is gone above the diffs', () => {
    const drafts: readonly Comment[] = [
      { ...about, line: 4, text: 'Why?\n\n- indeed' },
      { ...about, quote: 'gone();', text: 'And this?' },
      { path: null, side: 'new', line: null, quote: '', text: 'Good.' },
    ];
    const again = fill(makePage({ round: 2 }), drafts);
    expect(again.text).toContain('+new();\nWhy?\n\n- indeed\n');
    expect(again.text).toContain('Outdated: src/a.ts:11 is not in this diff any more\n> gone();\nAnd this?\n');
    expect(new Set(findComments(again.text, again.lines))).toEqual(
      new Set([{ ...drafts[0], line: 11 }, drafts[1], drafts[2]]),
    );
  });

  it('shows an earlier comment with its answer beside the line, and what has no place any more at the top', () => {
    const comments = [about, { ...about, quote: 'gone();' }].map((anchor, i) => ({
      ...anchor,
      text: `Say ${String(i)}`,
    }));
    const answers = [{ comment: 1, answer: 'Renamed\nit.' }];
    const round = { round: 1, at: 0, text: 'Nearly.', comments, run: 1, work: null, answers };
    const { own } = makePage();
    const { text, lines } = fill(makePage({ round: 2, rounds: [round], since: { ...own, note: null } }));
    expect(text).toContain('+new();\n│ 1. You, round 1: Say 0\n│    Its agent: Renamed it.\n');
    expect(text).toContain('> Nearly.\n\n│ 2. You, round 1 on src/a.ts:11: Say 1\n│    Its agent: (no answer)\n');
    expect(text.indexOf('## What changed since then')).toBeLessThan(text.indexOf('## All changes'));
    expect(findComments(text, lines)).toEqual([]);
    expect(findComments(below(text, '│    Its agent: Renamed', 'Thanks.'), lines)).toEqual([
      { ...about, text: 'Thanks.' },
    ]);
  });

  it('shows what no editor shows', () => {
    const { text } = fill(makePage({}, ['+a\u202eb', '+c\rd']));
    expect(text).toContain('+a⟨U+202E⟩b\n+c␍d\n');
  });

  it('gives back any comment below any line of any diff', () => {
    const line = fc
      .tuple(fc.constantFrom(' ', '+', '-'), fc.stringMatching(/^[a-c{} ]{0,4}$/))
      .map((parts) => parts.join(''));
    const words = fc
      .string({ minLength: 1, maxLength: 12 })
      .filter((text) => text.trim() !== '' && !/[\r\n\u2028\u2029]/.test(text));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), fc.nat(), words, (lines, at, said) => {
        const { text, lines: page } = fill(makePage({}, lines));
        const start = page.findIndex((each) => each.text.startsWith('@@'));
        const place = start + 1 + (at % lines.length);
        const comment = `Comment: ${said}`;
        const saved = text
          .split('\n')
          .toSpliced(place + 1, 0, comment)
          .join('\n');
        expect(findComments(saved, page)).toEqual([{ ...page[place]?.anchor, text: comment.trimEnd() }]);
      }),
    );
  });
});
