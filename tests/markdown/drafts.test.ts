/** Places for text in the generated part of a dashboard. */
import { describe, expect, it } from 'vitest';

import { readEdits } from '../../src/markdown/dashboard-edits.ts';
import { putDrafts, readDrafts } from '../../src/markdown/drafts.ts';
import { fc, runs } from '../properties.ts';
import { anyText } from './arbitrary-text.ts';

const answer = '<!-- tell pay attention 1 -->';
const tell = '<!-- tell sum attention 2 -->';
const sendBack = `<!-- send-back sum done 2 ${'3f2c1a9'.padEnd(40, '0')} -->`;

/** A dashboard with a task that asks, and one that failed. */
const written = `# branchboard: shop

_Running · 2 need you · 0 to review · 0 of 3 at work · 0 waiting · $0.00 spent today · updated 2026-11-27 14:32:05_

## Needs You
### Pay (\`pay\`): has a question
> Stripe or PayPal?

Answer:

- [ ] Send this answer ${answer}
- [ ] Cancel <!-- cancel pay attention 1 -->

### Sum (\`sum\`): failed: it changed nothing
- [ ] Try again <!-- retry sum attention 2 -->
- [ ] Try again, and tell it: ${tell}
- [ ] Cancel <!-- cancel sum attention 2 -->

## User Notes
(hint)

Answer: mine ${answer}
`;
const read = (dashboard: string) => Object.fromEntries(readDrafts(dashboard));
const editsOf = (saved: string) => readEdits(saved, { kind: 'exact', written }, '');

describe('a place for text', () => {
  it('is empty where nothing was typed, and its box is no edit', () => {
    expect(read(written)).toEqual({ [answer]: '', [tell]: '' });
    expect(putDrafts(written, new Map())).toBe(written);
    expect(editsOf(written)).toMatchObject({ ticks: [], texts: [] });
  });

  it('holds what stands between its words and its box, over lines, or behind the box', () => {
    const saved = written
      .replace('Answer:\n', 'Answer: Stripe,\n\n- in *test* mode\n')
      .replace(`tell it: ${tell}`, `tell it: ${tell} use v2`);
    expect(read(saved)).toEqual({ [answer]: ' Stripe,\n\n- in *test* mode\n\n', [tell]: '  use v2' });
    expect(editsOf(saved)).toMatchObject({ ticks: [], texts: [] });
    const again = putDrafts(written, readDrafts(saved));
    expect(again).toContain(`Answer: Stripe,\n\n- in *test* mode\n\n- [ ] Send this answer ${answer}\n`);
    expect(again).toContain(`- [ ] Try again, and tell it:  use v2 ${tell}\n`);
  });

  it('belongs to one question of an agent at work, whose box names it', () => {
    const asked = '<!-- answer pay active 1 ?toolu_01-a -->';
    const offered = written.replaceAll(answer, asked);
    const saved = offered.replace('Answer:\n', 'Answer: Stripe\n').replace('[ ] Send this', '[x] Send this');
    expect(read(saved)).toMatchObject({ [asked]: ' Stripe\n\n' });
    const seen = { column: 'active', run: 1 };
    expect(readEdits(saved, { kind: 'exact', written: offered }, '').ticks).toEqual([
      { kind: 'answer', task: 'pay', seen, question: 'toolu_01-a' },
    ]);
  });

  it('takes text that was typed in its task’s entry, and its ticked box is read whatever the text is', () => {
    const saved = written
      .replace('> Stripe or PayPal?\n', (line) => `${line}Stripe\n`)
      .replace('- [ ] Send', '- [x] Send')
      .replace('[ ] Try again, and tell it:', '[x] Try again, and tell it: ~~~ <!-- `');
    const { ticks, texts } = editsOf(saved);
    expect(texts).toEqual([{ under: 'Needs You, pay', text: 'Stripe\n', place: answer }]);
    expect(ticks.map(({ kind, task }) => [kind, task])).toEqual([
      ['tell', 'pay'],
      ['tell', 'sum'],
    ]);
  });

  it('may be that of a box which names a commit', () => {
    const ready = (words: string) => `## Ready for Review\n### Sum (\`sum\`)\n- [ ] Send back ${words} ${sendBack}\n`;
    for (const name of ['`3f2c1a9`', '3f2c1a9']) expect(read(ready(`${name}, because:`))).toEqual({ [sendBack]: '' });
    const said = ready('`3f2c1a9`, because: it *lacks* tests');
    expect(read(said)).toEqual({ [sendBack]: ' it *lacks* tests ' });
    const origin = { kind: 'exact', written: ready('`3f2c1a9`, because:') } as const;
    const { ticks, texts } = readEdits(said.replace('[ ]', '[x]'), origin, '');
    expect([ticks.map(({ kind, commit }) => [kind, commit?.slice(0, 7)]), texts]).toEqual([
      [['send-back', '3f2c1a9']],
      [],
    ]);
    const typed = readEdits(origin.written.replace('- [ ]', 'No tests\n- [ ]'), origin, '').texts;
    expect(typed).toEqual([{ under: 'Ready for Review, sum', text: 'No tests\n', place: sendBack }]);
  });

  it('keeps any text byte for byte, and touches nothing else', () => {
    const text = anyText(60).filter(
      (each) => each.trim() !== '' && !/<!-- tell|user notes|Answer:|tell it:/i.test(each),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        const filled = putDrafts(
          written,
          new Map([
            [answer, one],
            [tell, other],
          ]),
        );
        const drafts = readDrafts(filled);
        expect([drafts.get(answer)?.trim(), drafts.get(tell)?.trim()]).toEqual([one.trim(), other.trim()]);
        expect(putDrafts(filled, drafts)).toBe(filled);
        expect(putDrafts(filled, new Map())).toBe(written);
      }),
      runs(300),
    );
  });
});
