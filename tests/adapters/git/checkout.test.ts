import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findPlainCheckout } from '../../../src/adapters/git/checkout.ts';
import { Scratch } from './scratch.ts';

describe('finding a checkout without git', () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.commit({ 'deep/er/a.txt': 'a' });
  });
  afterEach(() => scratch.remove());

  const gitSays = (dir: string): string => scratch.gitIn(dir, 'rev-parse', '--show-toplevel').trim();

  it('says what git says, from its top, from below it, and through a link', () => {
    const link = join(scratch.root, 'link');
    symlinkSync(join(scratch.dir, 'deep'), link);
    for (const dir of [scratch.dir, join(scratch.dir, 'deep', 'er'), link]) {
      expect(findPlainCheckout(dir)).toBe(gitSays(dir));
    }
  });

  it('says what git says of a repository inside another one', () => {
    const inner = join(scratch.dir, 'deep', 'inner');
    scratch.gitIn(scratch.dir, 'init', '--quiet', inner);
    expect(findPlainCheckout(inner)).toBe(gitSays(inner));
  });

  it('leaves it to git where there is none, or no checkout', () => {
    const bare = join(scratch.root, 'bare');
    scratch.gitIn(scratch.root, 'init', '--quiet', '--bare', bare);
    for (const dir of [
      scratch.root,
      join(scratch.root, 'missing'),
      bare,
      join(bare, 'refs'),
      join(scratch.dir, '.git'),
    ]) {
      expect(findPlainCheckout(dir)).toBeNull();
    }
  });

  it('leaves linked worktrees and submodules to git', () => {
    const linked = join(scratch.root, 'linked');
    scratch.git('worktree', 'add', '--quiet', '--detach', linked);
    expect(findPlainCheckout(linked)).toBeNull();
    scratch.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', scratch.dir, 'part');
    expect(findPlainCheckout(join(scratch.dir, 'part'))).toBeNull();
  });

  it.each([
    ['core.worktree', '/elsewhere'],
    ['core.bare', 'true'],
  ])('leaves a repository with %s = %s to git', (name, value) => {
    scratch.git('config', name, value);
    expect(findPlainCheckout(scratch.dir)).toBeNull();
  });

  it('reads the settings of the worktree, too, and takes no branch for one of them', () => {
    appendFileSync(join(scratch.dir, '.git', 'config'), '[branch "worktree"]\n\tremote = origin\n');
    expect(findPlainCheckout(scratch.dir)).toBe(scratch.dir);
    writeFileSync(join(scratch.dir, '.git', 'config.worktree'), '[core] worktree = /elsewhere\n');
    expect(findPlainCheckout(scratch.dir)).toBeNull();
  });

  it('leaves to git what is no repository, though it is called .git', () => {
    mkdirSync(join(scratch.dir, 'deep', '.git'));
    expect(findPlainCheckout(join(scratch.dir, 'deep'))).toBeNull();
  });

  it('leaves a git folder behind a link to git', () => {
    renameSync(join(scratch.dir, '.git'), join(scratch.root, 'git'));
    symlinkSync(join(scratch.root, 'git'), join(scratch.dir, '.git'));
    expect(findPlainCheckout(scratch.dir)).toBeNull();
  });

  it("leaves another user's repository to git", () => {
    const user = vi.spyOn(process, 'geteuid').mockReturnValue(12_345);
    expect(findPlainCheckout(scratch.dir)).toBeNull();
    user.mockRestore();
    expect(findPlainCheckout(scratch.dir)).toBe(scratch.dir);
  });
});
