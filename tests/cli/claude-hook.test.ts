/** The hook of a Claude Code session says how many tasks wait for the user, wherever in the repository the session is. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Hooks {
  readonly hooks: { readonly UserPromptSubmit: readonly { readonly hooks: readonly { readonly command: string }[] }[] };
}
const { hooks } = JSON.parse(readFileSync(new URL('../../plugin/hooks/hooks.json', import.meta.url), 'utf8')) as Hooks;
const command = hooks.UserPromptSubmit[0]?.hooks[0]?.command ?? 'false';

const run = (cwd: string, env: Readonly<Record<string, string>> = {}): string =>
  execFileSync('/bin/sh', ['-c', command], { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, encoding: 'utf8' });

test('it finds the board from a folder below, and none beyond the repository', () => {
  const outer = mkdtempSync(join(tmpdir(), "branchboard hook's-"));
  try {
    const repo = join(outer, 'repo');
    const inner = join(repo, 'a', 'b c');
    const other = join(repo, 'module');
    for (const path of [inner, join(repo, '.git'), join(other, '.git'), join(repo, '.orchestrator')])
      mkdirSync(path, { recursive: true });
    const write = (needsYou: number) =>
      writeFileSync(
        join(repo, '.orchestrator', 'queue.json'),
        `{"version":2,"needsYou":${String(needsYou)},"tasks":[]}\n`,
      );
    write(3);
    for (const cwd of [repo, inner]) expect(run(cwd)).toMatch(/^branchboard: 3 on the board .*\n$/);
    expect(run(outer, { CLAUDE_PROJECT_DIR: inner })).toMatch(/^branchboard: 3 /);
    expect([run(outer), run(other), run('/'), run(inner, { BRANCHBOARD_RUN: 'a/1' })]).toEqual(['', '', '', '']);
    write(0);
    expect(run(inner)).toBe('');
  } finally {
    rmSync(outer, { recursive: true, force: true });
  }
});
