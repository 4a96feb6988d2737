import { expect, test } from 'vitest';
import { findCopied } from '../../src/domain/copy-names.ts';

const none = () => false;
const all = () => true;

test.each([
  'a.sync-conflict-20261127-120000-ABCDEFG.md',
  'a_conflict-20261127-120000.md',
  'a (conflicted copy 2026-11-27 120000).md',
  "a (Jane's conflicted copy 2026-11-27).md",
  'a (Case Conflict 1).md',
  'a (SFConflict jane@example.com 2026-11-27-12-00-00).md',
  'a [conflicted].markdown',
  'a (conflicting version by Jane from 2026-11-28).md',
  'a_DESKTOP-1_Nov-28-120000-2026_Conflict.md',
  'a_REMOTE_4711.md',
])('%s is a copy of a, whether or not there is an a', (name) => {
  expect(findCopied(name, none)).toBe('a');
});

test.each([
  ...['a (1).md', 'a(12).md', 'a 2.md', 'a copy.md', 'a copy 3.md', 'a - Copy.md', 'a - Copy (2).md', 'a - Kopie.md'],
  ...['a - Copie.md', 'a — копия.md', 'aのコピー.md', 'a - 副本.md', 'Kopie von a.md', 'Copia de a.md'],
  ...['a [conflict].md', 'a (conflict 2026-11-28-12-00-00).md', 'a.Conflict.md', 'a.bak.md', 'a.orig.md'],
  ...['a-DESKTOP-AB12CD3.md', 'a-LAPTOP-7F3K2-2.md', 'a-Annas-MacBook-Pro.md', 'a (MacBook-Pro-Anna).md'],
  ...[
    'a (Anna - Conflict).md',
    'a (Konflikt 2026-11-28).md',
    'a (versión en conflicto).md',
    'a (копия).md',
    'a (副本).md',
  ],
  ...[
    'a (anna@example.com).md',
    'a (2026-11-28T10_10_10).md',
    'a (Offline copy).md',
    'a (Autosaved).md',
    'a (NAS_Conflict).md',
  ],
  ...['a.copy.md', 'a_backup.md', 'a_conflict.md', 'a.conflict.1.md', 'a.BASE.1234.md', 'a.remote.md', 'a.icloud.md'],
  ...['a - Copy - Copy.md', 'a (1) (1).md', 'a copy (2).md', "a (x's conflicted copy 2026-11-28 (1)).md"],
  ...['a (copy).md', 'a (another copy).md', 'a (3rd copy).md', 'Copy of a.md', 'A (1).MD'],
])('%s is a copy of a where there is an a', (name) => {
  expect(findCopied(name, (id) => id === 'a')).toBe('a');
  expect(findCopied(name, none)).toBeNull();
});

test.each([
  ...['a.md', 'a-2.md', 'a2.md', 'phase-10.md', 'Resolve the merge conflict.md', 'Fix (shift-reduce conflict).md'],
  ...['Log in (desktop).md', 'Fix the site (macOS).md', 'a-DESKTOP-view.md', 'Merge (improve copy).md'],
  ...['Improve copy.txt of the page.md', 'copy.md', 'release-1.old-api.md', 'Release 2026.md', 'Fix #12.md', '(1).md'],
])('%s is no copy', (name) => {
  expect(findCopied(name, all)).toBeNull();
});

test('the original is looked for under the id that its own name gives', () => {
  expect(findCopied('Fix the Login (2).md', (id) => id === 'fix-the-login')).toBe('fix-the-login');
});
