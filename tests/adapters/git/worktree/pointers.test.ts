/** Files that git-lfs left as pointers in a new worktree, on real git; git-lfs itself is a stand-in. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CommandRunner } from '../../../../src/ports.ts';
import { Scratch, start } from '../scratch.ts';

const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n';
let scratch: Scratch;

beforeEach(() => {
  scratch = new Scratch();
  scratch.commit({ '.gitattributes': '*.bin filter=lfs\n', 'a.bin': pointer, 'sub/b.bin': pointer, 'c.txt': pointer });
  mkdirSync(join(scratch.dir, '.git', 'lfs'));
});
afterEach(() => scratch.remove());

it('fail the setup where the user’s checkout has the files, with what to type', async () => {
  scratch.write({ 'a.bin': 'the bytes', 'sub/b.bin': 'x'.repeat(5_000), 'c.txt': 'mine' });
  const detail = expect.stringMatching(
    /^a\.bin, sub\/b\.bin: git-lfs left pointers.*`git lfs pull` under `setup`/,
  ) as string;
  await expect(start(await scratch.worktrees(), 'x')).rejects.toMatchObject({
    fault: { reason: 'setup-failed', detail },
  });
});

it('fail nothing where the user has pointers, too, or `setup` gets the files', async () => {
  await start(await scratch.worktrees(), 'x');
  scratch.write({ 'a.bin': 'the bytes' });
  scratch.settings = { ...scratch.settings, setup: [['git', 'lfs', 'pull']] };
  const pull: CommandRunner['run'] = (argv, { cwd }) => {
    writeFileSync(join(cwd, 'a.bin'), 'the bytes');
    return Promise.resolve({ argv, ok: true, outputTail: '' });
  };
  await start(await scratch.worktrees({ runCommand: { run: pull } }), 'y');
});

it('that can not be got are told by what git-lfs says, with what to type', async () => {
  const said = 'Error downloading object: a.bin (0): Smudge error: [404] Object does not exist on the server';
  scratch.git('config', 'filter.lfs.smudge', `echo '${said}' >&2; exit 2;`);
  scratch.git('config', 'filter.lfs.required', 'true');
  await expect(start(await scratch.worktrees(), 'x')).rejects.toThrow(
    /does not exist on the server.*git lfs push --all/,
  );
});
