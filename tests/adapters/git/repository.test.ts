import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRepository } from '../../../src/adapters/git/repository.ts';
import { createGit } from '../../../src/adapters/git/git.ts';
import { Scratch } from './scratch.ts';

// Each test starts dozens of git processes, which takes its time on a busy machine.

vi.mock('../../../src/domain/limits.ts', async (original) => {
  const { limits } = await original<{ readonly limits: object }>();
  return { limits: { ...limits, gitTimeoutMs: 3_000, checkoutTimeoutMs: 6_000 } };
});

describe('opening a repository', () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
  });
  afterEach(() => scratch.remove());

  const problemIn = async (
    dir: string,
    env = scratch.env,
  ): Promise<{ kind: string; hint: string; message: string }> => {
    const opened = await openRepository(dir, { env });
    if (opened.ok) throw new Error('opened');
    return opened.failure;
  };

  it('finds the top, the folders, the branch and the user from a subfolder', async () => {
    const commit = scratch.commit({ 'deep/er/a.txt': 'a' });
    expect(await scratch.open(join(scratch.dir, 'deep', 'er'))).toEqual({
      topLevel: scratch.dir,
      gitDir: join(scratch.dir, '.git'),
      commonDir: join(scratch.dir, '.git'),
      gitVersion: expect.stringMatching(/^2\.\d+/) as string,
      branch: 'main',
      commit,
      hasSubmodules: false,
      hasIdentity: true,
      settings: expect.arrayContaining([
        { scope: 'local', origin: expect.any(String) as string, name: 'core.bare', value: 'false' },
      ]) as unknown[],
      settingsReadAt: expect.any(Number) as number,
    });
  });

  it('tells a linked worktree, a detached HEAD and submodules', async () => {
    scratch.commit({ 'a.txt': 'a', '.gitmodules': '' });
    const linked = join(scratch.root, 'linked');
    scratch.git('worktree', 'add', '--quiet', '--detach', linked);
    expect(await scratch.open(linked)).toMatchObject({
      topLevel: linked,
      commonDir: join(scratch.dir, '.git'),
      gitDir: join(scratch.dir, '.git', 'worktrees', 'linked'),
      branch: null,
      hasSubmodules: true,
    });
  });

  it('says that there is no commit yet', async () => {
    expect(await problemIn(scratch.dir)).toMatchObject({ kind: 'no-commit', hint: /git commit/ });
    scratch.commit({ 'a.txt': 'a' });
    scratch.git('checkout', '--quiet', '--orphan', 'fresh');
    expect(await problemIn(scratch.dir)).toMatchObject({ kind: 'no-commit', hint: /git switch main$/ });
  });

  it('says that a folder is in no repository, in a bare one, or in .git', async () => {
    const bare = join(scratch.root, 'bare');
    scratch.gitIn(scratch.root, 'init', '--quiet', '--bare', bare);
    expect((await problemIn(scratch.root)).kind).toBe('not-a-repository');
    expect((await problemIn(bare)).kind).toBe('bare');
    expect(await problemIn(join(scratch.dir, '.git'))).toMatchObject({
      kind: 'not-a-repository',
      message: /\.git folder/,
    });
  });

  it('says that git is too old, or missing', async () => {
    const bin = join(scratch.root, 'bin');
    mkdirSync(bin);
    expect((await problemIn(scratch.dir, { ...scratch.env, PATH: bin })).kind).toBe('no-git');
    writeFileSync(join(bin, 'git'), '#!/bin/sh\necho git version 2.30.1\n');
    chmodSync(join(bin, 'git'), 0o755);
    expect(await problemIn(scratch.dir, { ...scratch.env, PATH: bin })).toMatchObject({
      kind: 'too-old',
      message: 'git is 2.30.1; branchboard needs 2.38 or newer',
    });
  });

  it('tells whether git knows who commits', async () => {
    scratch.commit({ 'a.txt': 'a' });
    const nobody = { ...scratch.env, HOME: join(scratch.root, 'nobody') };
    const tells = async (hasIdentity: boolean, env = {}) =>
      expect(await openRepository(scratch.dir, { env: { ...nobody, ...env } })).toMatchObject({
        ok: true,
        value: { hasIdentity },
      });
    await tells(false);
    scratch.git('config', 'user.name', 'Dev');
    await tells(false);
    await tells(true, { EMAIL: 'dev@example.invalid' });
    scratch.git('config', 'committer.email', 'dev@example.invalid');
    await tells(false);
    await tells(true, { GIT_AUTHOR_EMAIL: 'dev@example.invalid' });
  });
});

describe('running git', () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.commit({ 'a.txt': 'a' });
  });
  afterEach(() => scratch.remove());

  it('passes on no GIT_ variable that it inherits', async () => {
    const env = { ...scratch.env, GIT_DIR: '/nowhere', GIT_WORK_TREE: '/', GIT_CONFIG_PARAMETERS: 'x', EDITOR: 'vi' };
    const git = createGit(scratch.dir, { env });
    expect((await git.run(['rev-parse', '--show-toplevel'])).trim()).toBe(scratch.dir);
  });

  it('names the lock that a killed git left, and how to remove it', async () => {
    const lock = join(scratch.dir, '.git', 'index.lock');
    writeFileSync(lock, '');
    const git = createGit(scratch.dir, { env: scratch.env });
    await expect(git.run(['add', '-A'])).rejects.toMatchObject({
      code: 'EEXIST',
      message: expect.stringContaining(`rm '${lock}'`) as string,
    });
    const config = join(scratch.dir, '.git', 'config.lock');
    writeFileSync(config, '');
    await expect(git.run(['config', 'a.b', 'c'])).rejects.toThrow('config.lock');
  });

  it('leaves no timer behind that would hold the process up for seconds', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    await createGit(scratch.dir, { env: scratch.env }).run(['rev-parse', 'HEAD']);
    const long = set.mock.results.filter((_, index) => (set.mock.calls[index]?.[1] ?? 0) > 1_000);
    const cleared = clear.mock.calls.map(([timer]) => timer);
    vi.restoreAllMocks();
    // The time limit of the command.
    expect(long).toHaveLength(1);
    expect(cleared).toContain(long[0]?.value);
  });

  it('waits for nothing more once a command that printed nothing has ended', async () => {
    const git = createGit(scratch.dir, { env: scratch.env });
    const waitsOf = async (...args: readonly string[]) => {
      const set = vi.spyOn(globalThis, 'setTimeout');
      const output = await git.run(args);
      const waits = set.mock.calls.map(([, ms]) => ms);
      vi.restoreAllMocks();
      return { output, waits };
    };
    const silent = await waitsOf('ls-files', '--', 'nothing');
    expect(silent.output).toBe('');
    expect(silent.waits).toEqual((await waitsOf('rev-parse', 'HEAD')).waits);
  });

  it('ends a command that hangs, also where a child of it holds on to the output', async () => {
    scratch.write({ 'slow.txt': 'slow', '.gitattributes': 'slow.txt filter=slow\n' });
    scratch.git('config', 'filter.slow.clean', "sh -c 'trap : INT; exec sleep 8'");
    const git = createGit(scratch.dir, { env: scratch.env });
    await expect(git.run(['add', '-A'])).rejects.toMatchObject({ code: 'ETIMEDOUT', message: /longer than 3 s/ });
    expect(existsSync(join(scratch.dir, '.git', 'index.lock'))).toBe(false);
  });

  it('gives a checkout more time than other commands, and says what it was', async () => {
    scratch.write({ '.gitattributes': 'a.txt filter=slow\n' });
    const git = createGit(scratch.dir, { env: scratch.env });
    scratch.git('config', 'filter.slow.smudge', 'sh -c "sleep 4; cat"');
    rmSync(join(scratch.dir, 'a.txt'));
    await git.run(['reset', '--hard', '--quiet']);
    expect(existsSync(join(scratch.dir, 'a.txt'))).toBe(true);
    scratch.git('config', 'filter.slow.smudge', 'sh -c "sleep 15; cat"');
    rmSync(join(scratch.dir, 'a.txt'));
    await expect(git.run(['reset', '--hard', '--quiet'])).rejects.toThrow(
      `git reset in ${scratch.dir}, which writes or removes all files there, took longer than 6 s`,
    );
  });

  it('says what git said, without its decorations', async () => {
    const git = createGit(scratch.dir, { env: scratch.env });
    await expect(git.run(['worktree', 'unlock', 'nothing'])).rejects.toThrow(
      `git worktree unlock failed in ${scratch.dir}: 'nothing' is not a working tree`,
    );
  });

  it.each([
    [
      'settings that can not be read',
      'config',
      '[core\n',
      /bad config line 1[^]*try again: "\$\{EDITOR:-vi\}" '\/.*\/repo\/\.git\/config'$/,
    ],
    [
      'packed refs that can not be read',
      'packed-refs',
      'rubbish\n',
      /cp '\/.*\/repo\/\.git\/packed-refs' '\/.*\.broken'[^]*branchboard rescue/,
    ],
  ])('says what to type where it meets %s', async (_, file, text, message) => {
    const git = createGit(scratch.dir, { env: scratch.env });
    writeFileSync(join(scratch.dir, '.git', file), text);
    await expect(git.run(['for-each-ref'])).rejects.toThrow(message);
  });

  it('says what to type where the repository is gone', async () => {
    const git = createGit(scratch.dir, { env: scratch.env });
    renameSync(join(scratch.dir, '.git'), join(scratch.dir, 'moved'));
    await expect(git.run(['status'])).rejects.toThrow(
      `See what is there (ls -ld '${join(scratch.dir, '.git')}'), put it back, then try again.`,
    );
  });

  it('does one piece of serialised work at a time, also when one fails', async () => {
    const git = createGit(scratch.dir, { env: scratch.env });
    let running = 0;
    const work = async (): Promise<void> => {
      running += 1;
      expect(running).toBe(1);
      await git.run(['version']);
      running -= 1;
    };
    const failing = git.serialise(() => Promise.reject(new Error('no')));
    await Promise.all([expect(failing).rejects.toThrow('no'), ...Array.from({ length: 5 }, () => git.serialise(work))]);
  });

  it('mends the record of a worktree that lost its contents, and goes on', async () => {
    const linked = join(scratch.root, 'linked');
    scratch.git('worktree', 'add', '--quiet', '--detach', linked);
    writeFileSync(join(scratch.dir, '.git', 'worktrees', 'linked', 'commondir'), '');
    const notices: string[] = [];
    const git = createGit(scratch.dir, { env: scratch.env, notice: (message) => notices.push(message) });
    await git.run(['worktree', 'list']);
    expect(notices).toEqual([expect.stringContaining('linked/commondir was empty')]);
  });
});
