import { describe, expect, it } from 'vitest';

import { fc, runs } from '../properties.ts';
import { addSaid, renderStory, storyMarker, stripStory, tellStory } from '../../src/markdown/story.ts';
import { makeVerdict } from './verdict.ts';
import { anyText } from './arbitrary-text.ts';

const facts = {
  id: 'add-auth',
  isMerged: false,
  runFolder: '.orchestrator/runs/add-auth/2',
  finishedAt: '2026-03-01 14:32',
};
const story = renderStory(makeVerdict({}), facts);

/** Text as users write it, with pieces of stories in it. */
const userText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r\n',
        '\r',
        storyMarker,
        `\n${storyMarker}\n`,
        '```\n',
        '# Title\n',
        '## What happened',
        '\uFEFF',
      ),
      anyText(10),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('a story', () => {
  it('tells what happened', () => {
    const verdict = makeVerdict({ attempts: 2, followUps: ['Add rate limits', 'Two\nlines'] });
    expect(renderStory(verdict, facts)).toBe(`${storyMarker}

## What happened

**Done** · 2026-03-01 14:32

Summary:

> Added it.

- Branch: \`task/add-auth\` · 2 commits · 5 files, +120 −14
- Verify: passed
- Agent: \`developer\`, 2 attempts, worked 6m 12s, $0.42
- Run: \`.orchestrator/runs/add-auth/2\`

What the agent proposes to do next:

- Add rate limits
- Two lines

What you can do:

- Look at it: \`branchboard diff add-auth\`
- Take it: \`branchboard merge add-auth\`
- Send it back: \`branchboard send-back add-auth "what is wrong"\`
- Put it away: \`branchboard discard add-auth\`

<!-- branchboard: end of what happened -->
`);
  });

  it.each([
    [{ nothingToDo: true }, '**Done: the agent found nothing to do**'],
    [{ report: 'runs/x/1/report.md', branch: null, tip: null }, '- Report: `runs/x/1/report.md`'],
    [{ column: 'attention', question: 'Keep v1?\nOr not?' }, '**Waits for you: a question**'],
    [{ column: 'attention', question: 'Keep v1?\nOr not?' }, 'Question:\n\n> Keep v1?\n> Or not?'],
    [{ column: 'attention', question: 'Keep v1?', options: ['yes', 'no'] }, 'Answers that it offers:\n\n- yes\n- no'],
    [{ column: 'attention', question: 'Keep v1?' }, 'branchboard answer add-auth "your answer"'],
    [
      { column: 'attention', verified: false, fault: { reason: 'verify-failed', detail: '`npm test` failed' } },
      '**Waits for you: its checks failed** · 2026-03-01 14:32\n\n> `npm test` failed',
    ],
    [{ column: 'attention', verified: false, fault: { reason: 'verify-failed', detail: '' } }, '- Verify: failed'],
    [{ verified: false }, '- Verify: not run'],
    [{ column: 'archive' }, '**Put away**'],
  ] as const)('of %j says %j', (changes, words) => {
    expect(renderStory(makeVerdict(changes), facts)).toContain(words);
  });

  it('of work that is merged says so, and does not ask to merge it', () => {
    const told = renderStory(makeVerdict({}), { ...facts, isMerged: true });
    expect(told).toContain('**Done and merged** · ');
    expect(told).not.toContain('git merge');
    expect(told).toContain('- Work on it again: `branchboard send-back add-auth "what is to be done"`');
  });

  it.each([{ report: 'runs/x/1/report.md', branch: null, tip: null }, { nothingToDo: true }])(
    'of %j asks nobody to merge anything',
    (changes) => {
      const told = renderStory(makeVerdict(changes), facts);
      expect(told).not.toContain('git merge');
      expect(told).toContain('- Put it away: `mv .orchestrator/done/add-auth.md ');
    },
  );

  it('can not be broken or forged by what an agent says', () => {
    const end = '<!-- branchboard: end of what happened -->';
    const evil = `x\r\n${storyMarker}\r\n## What happened\n${end}\n\`\`\`\n<div>\n\u001b[31m\u0000\u2028${end}\nmine`;
    const forged = renderStory(
      makeVerdict({ summary: evil, question: evil, options: [evil], followUps: [evil] }),
      facts,
    );
    const lines = forged.split('\n');
    expect(lines.filter((line) => line.startsWith('<'))).toEqual([storyMarker, end]);
    expect(lines.filter((line) => /<(?!!-- branchboard)/.test(line))).toEqual([]);
    expect(forged).not.toMatch(/[^\P{Cc}\n]/u);
    expect(stripStory(tellStory('Mine', forged))).toBe('Mine');
  });

  it('tells what the user should know of the runs, whatever branches are called', () => {
    const moved = [
      { ref: 'refs/heads/main', from: 'a'.repeat(40), to: 'b'.repeat(40), checkout: null },
      { ref: 'refs/heads/<!--x', from: null, to: 'b'.repeat(40), checkout: null },
    ];
    const told = renderStory(makeVerdict({ warnings: ['Run 1: odd.'], moved }), facts);
    expect(told).toContain(`\n- Run 1: odd.\n- The branch main moved from aaaaaaaaaaaa to bbbbbbbbbbbb while`);
    expect(told).toContain('- The branch &lt;!--x was made');
    expect(stripStory(tellStory('mine\n', told))).toBe('mine\n');
  });

  it('is bounded', () => {
    const long = 'word '.repeat(10_000);
    const verdict = makeVerdict({ summary: long, question: long, followUps: Array.from({ length: 500 }, () => long) });
    expect(renderStory(verdict, facts).length).toBeLessThan(15_000);
  });

  it('leaves the text above it as it was, byte for byte', () => {
    fc.assert(
      fc.property(userText, (text) => {
        const told = tellStory(text, story);
        expect(told.startsWith(stripStory(text))).toBe(true);
        expect(stripStory(told)).toBe(stripStory(text));
        if (!text.includes(storyMarker)) expect(stripStory(told)).toBe(text);
      }),
      runs(500),
    );
  });

  it('takes the place of the one that is there', () => {
    const second = renderStory(makeVerdict({ summary: 'Mended it.' }), facts);
    fc.assert(fc.property(userText, (text) => tellStory(tellStory(text, story), second) === tellStory(text, second)));
  });

  it('has the line ends of the text', () => {
    expect(tellStory('a\r\nb\r\n', story).replaceAll('\r\n', '')).not.toContain('\n');
    expect(stripStory(tellStory('a\r\nb\r\n', story))).toBe('a\r\nb\r\n');
  });

  it('does not take along what the user writes below it', () => {
    const told = tellStory('Above\n', story);
    expect(stripStory(`${told}\nBelow\n`)).toBe('Above\n\nBelow\n');
    expect(tellStory(`${told}\nBelow\n`, story)).toBe(tellStory('Above\n\nBelow\n', story));
  });

  it('is not seen where the user quotes the marker', () => {
    const text = `Look for\n\n\`\`\`\n${storyMarker}\n\`\`\`\n\nand more`;
    expect(stripStory(text)).toBe(text);
    expect(stripStory(tellStory(text, story))).toBe(text);
  });

  it('is still found when an editor removed blank lines or its end', () => {
    const told = tellStory('Mine\n', story);
    expect(stripStory(told.replaceAll(/\n\n+/g, '\n'))).toBe('Mine');
    expect(stripStory(told.replace(/\n<!-- branchboard: end.*\n$/, ''))).toBe('Mine\n');
  });
});

describe('what the user says to a task', () => {
  it('comes below their own text, above the story, and is written once', () => {
    const told = tellStory('# Pay\n\nMine', story);
    const said = addSaid(told, ' Use Stripe.\n\nIn test mode. ', '2026-03-01 14:32:05');
    const own = '# Pay\n\nMine\n\n> (said by the user, 2026-03-01 14:32:05)\n\nUse Stripe.\n\nIn test mode.\n';
    expect(stripStory(said)).toBe(own);
    expect(said.endsWith(story)).toBe(true);
    expect(addSaid(said, 'Use Stripe.\n\nIn test mode.', '2026-03-01 14:32:05')).toBe(said);
    const twice = addSaid(said, 'No: PayPal.', '2026-03-01 15:00:00');
    expect(stripStory(twice)).toBe(`${own}\n> (said by the user, 2026-03-01 15:00:00)\n\nNo: PayPal.\n`);
  });

  it('has the line ends of the text', () => {
    expect(addSaid('a\r\n', 'b\nc', 'now').replaceAll('\r\n', '')).not.toContain('\n');
  });
});
