import { expect, it } from 'vitest';
import type { MovedRef } from '../../src/domain/moved-ref.ts';
import { describeMoved } from '../../src/markdown/moved-refs-text.ts';

const [from, to] = ['1a2b3c4d5e6f'.padEnd(40, '0'), '9f8e7d6c5b4a'.padEnd(40, '0')];

const described: readonly [Partial<MovedRef>, string][] = [
  [
    {},
    `The branch main moved from 1a2b3c4d5e6f to 9f8e7d6c5b4a while the agent ran. To undo it: \`git branch -f main ${from}\` (to look first: \`git reflog refs/heads/main\`)`,
  ],
  // `git branch -f` refuses a branch that is checked out.
  [{ checkout: '/a repo' }, `To undo it: \`git -C '/a repo' reset --soft ${from}\``],
  [{ from: null }, 'The branch main was made while the agent ran, at 9f8e7d6c5b4a. To undo it: `git branch -D main`'],
  [{ to: null }, `was deleted while the agent ran; it was at 1a2b3c4d5e6f. To undo it: \`git branch main ${from}\``],
  [{ ref: 'refs/tags/v1' }, `The tag v1 moved from 1a2b3c4d5e6f`],
  [{ ref: 'refs/tags/v1', to: null }, `\`git tag -f v1 ${from}\``],
  [{ ref: 'refs/tags/v1', from: null }, '`git tag -d v1`'],
  [{ ref: 'refs/replace/x', from: null }, '`git update-ref -d refs/replace/x`'],
  [
    { ref: 'HEAD', from: 'refs/heads/main', to: 'refs/heads/evil', checkout: '/repo' },
    'The HEAD of /repo moved from main to evil while the agent ran. To undo it: `git -C /repo switch main`',
  ],
  [{ ref: 'HEAD', checkout: '/repo' }, `\`git -C /repo switch --detach ${from}\``],
  [
    { ref: 'HEAD', from: 'refs/heads/main', to: 'refs/heads/main', checkout: '/repo' },
    'is at main as before. Changes that were not committed there may be gone. To see what it did: `git -C /repo reflog`',
  ],
  [{ ref: 'refs/stash', from: null }, 'The agent stashed changes, or took stashed ones away.'],
  [{ ref: 'refs/stash' }, `\`git stash apply ${from}\``],
  [
    { ref: 'refs/stash', to: null },
    `took the last stash away. What was stashed last before: \`git stash apply ${from}\``,
  ],
  // Names are an agent's to choose.
  [{ ref: 'refs/heads/--force', from: null }, '`git update-ref -d refs/heads/--force`'],
  [{ ref: 'refs/heads/a;rm$(x)', from: null }, '`git branch -D a\\;rm\\$\\(x\\)`'],
];

it.each(described)('says what happened to %o and what to type', (changes, text) => {
  expect(describeMoved({ ref: 'refs/heads/main', from, to, checkout: null, ...changes })).toContain(text);
});
