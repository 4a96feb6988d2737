/**
 * Repositories that tests copy instead of making their own: `repository` has one commit and an identity, `board` has a
 * board as `init` makes it, too. Made once for all files, before the first of them.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** The built program. */
export const cliMain = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that holds both. */
    readonly templates: string;
  }
}

/** Makes both; gives what removes them. */
export default function makeTemplates(project: TestProject): () => void {
  const root = mkdtempSync(join(tmpdir(), 'branchboard-template-'));
  const repository = join(root, 'repository');
  const board = join(root, 'board');
  const home = join(root, 'home');
  const run = (program: string, args: readonly string[], cwd: string): void => {
    const env = { PATH: process.env['PATH'], HOME: home, GIT_CONFIG_NOSYSTEM: '1', LANG: 'C.UTF-8' };
    execFileSync(program, args, { cwd, env, stdio: 'pipe' });
  };
  for (const folder of [repository, home]) mkdirSync(folder);
  run('git', ['init', '--quiet', '--initial-branch=main'], repository);
  run('git', ['config', 'user.name', 'A Developer'], repository);
  run('git', ['config', 'user.email', 'dev@example.invalid'], repository);
  writeFileSync(join(repository, 'README.md'), 'hello\n');
  run('git', ['add', '--all'], repository);
  run('git', ['commit', '--quiet', '--message=first'], repository);
  cpSync(repository, board, { recursive: true });
  run(process.execPath, [cliMain, 'init'], board);
  project.provide('templates', root);
  return () => {
    rmSync(root, { recursive: true, force: true });
  };
}
