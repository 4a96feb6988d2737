import { expect, it } from 'vitest';
import { composePullBody, composePullTitle } from '../../src/markdown/pull-text.ts';
import type { PullWords } from '../../src/domain/pull-request.ts';
import { idOf } from '../core/boards.ts';

const none: PullWords = { title: 'x', summary: null, checks: [], judgement: null, dependsOn: [] };
const bodyOf = (summary: string) => composePullBody(idOf('a'), { ...none, summary });

it.each([
  ['a name', 'Thanks @alice, (@org/team) and a@b.example.', 'Thanks `@alice,` `(@org/team)` and `a@b.example.`'],
  ['a name that stands in half a quotation', 'See `@alice', 'See \\``@alice`'],
  ['a closing word', 'Fixes #12, closes o/r#3, resolves: GH-4', 'Fixes `#12,` closes `o/r#3,` resolves: `GH-4`'],
  [
    'an address',
    'closes https://github.com/o/r/issues/1 www.x.example',
    'closes `https://github.com/o/r/issues/1` `www.x.example`',
  ],
  [
    'markup',
    '<img src=x> <!-- x --> &#64;alice [x](y) ![x](y)',
    '\\<img src=x> \\<!-- x --> `&#64;alice` \\[x]\\(y) !\\[x]\\(y)',
  ],
  ['a heading and a list', '# Big\n- [x] done', '\\# Big\n\\- \\[x] done'],
  ['code of its own', 'Ran `npm test -- @x` twice', 'Ran `npm test -- @x` twice'],
])('of a summary, %s does nothing on the host', (_, summary, expected) => {
  expect(bodyOf(summary).split('\n\nNo checks ran.')[0]).toBe(expected);
});

it('tells the checks, and what the work builds on', () => {
  const pull = { url: 'https://x/1', number: 7, into: 'main', commit: 'c', state: 'open' } as const;
  const words: PullWords = {
    ...none,
    checks: [{ argv: ['npm', 'test', '`x`'], ok: true }],
    dependsOn: [
      { id: idOf('db'), pull, isMerged: false },
      { id: idOf('old'), pull: { ...pull, state: 'merged' }, isMerged: false },
      { id: idOf('plain'), pull: null, isMerged: false },
    ],
  };
  const body = composePullBody(idOf('a'), words);
  expect(body).toMatch(/^\*\*Checks\*\*\n\n- ``npm test .*`x`.*``: passed\n/);
  expect(body).toContain(
    '- `db` in #7\n- `old` in #7, which is merged\n- `plain`, which has no pull request\n\nTask: `a`\n',
  );
});

it('tells what an agent that reviewed it said, which does nothing on the host either', () => {
  const judgement = {
    run: 2,
    role: 'backend-reviewer',
    commit: 'c',
    result: 'changes',
    summary: 'Ask @alice.',
    comments: [{ path: 'a.ts', line: 3, reason: 'Fixes #12.' }],
  } as const;
  expect(composePullBody(idOf('a'), { ...none, judgement })).toContain(
    '**Review by an agent**: backend-reviewer wants changes (1): Ask `@alice.`\n\n- a.ts:3: Fixes `#12.`\n',
  );
});

it('breaks up what a title would do as the message of a commit', () => {
  expect(composePullTitle('Fix #1 for @bob\nGH-2 https://x www.y')).toBe('Fix # 1 for @ bob GH- 2 https: //x www. y');
});
