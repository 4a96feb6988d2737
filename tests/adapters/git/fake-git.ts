/** A `git` before the real one on the PATH, which counts its calls and may fail as a full or read-only disk makes git fail. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from './scratch.ts';

/** Where the fake is. */
export interface FakeGit {
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
}

/** Puts a shell script before git; `$REAL` is the real one, and each call's arguments are a line of the log. */
export function fakeGit(scratch: Scratch, script: string): FakeGit {
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const bin = join(scratch.root, 'bin');
  const log = join(scratch.root, 'git-calls');
  mkdirSync(bin, { recursive: true });
  // Git puts its own folder first for what it starts itself, so that only the board's calls are counted.
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nREAL='${real}'\necho "$*" >> '${log}'\n${script}\n`, { mode: 0o755 });
  return { env: { ...scratch.env, PATH: `${bin}:${scratch.env['PATH'] ?? ''}` }, log };
}

/** How often the fake was called. */
export function countCalls(fake: FakeGit): number {
  return existsSync(fake.log) ? readFileSync(fake.log, 'utf8').trimEnd().split('\n').length : 0;
}
