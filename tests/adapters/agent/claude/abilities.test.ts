import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AbilityReader, noAbilities, type AbilityRequest } from '../../../../src/adapters/agent/claude/abilities.ts';
import { claudeVersionNames, claudeVersions } from '../../../claude/messages-api.ts';
import { lives, realClock } from '../harness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'branchboard-abilities-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const reader = new AbilityReader(realClock);
const knows = { permissionPrompts: true, efforts: ['low', 'high'] };
const help = "printf '  --permission-prompts <target>  Who answers\\n  --effort <level>  Level (low,\\n      high)\\n'";

function requestOf(program: string, args: readonly string[] = []): AbilityRequest {
  return { program, args, cwd: folder, env: { HOME: folder, PATH: process.env['PATH'] } };
}

/** A program that notes each call in the file `asked` first. */
function writeProgram(body: string, name = 'claude'): string {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "$@" >> asked\n${body}\n`, { mode: 0o755 });
  return file;
}

const readAsked = (): string => readFileSync(path.join(folder, 'asked'), 'utf8');

describe('AbilityReader', () => {
  it.each(claudeVersionNames)(
    'finds out what claude %s knows, and leaves nothing behind in the home folder',
    async (version) => {
      const abilities = await reader.read(requestOf(claudeVersions[version]));
      expect(abilities).toEqual({
        permissionPrompts: version !== '2.1.197',
        efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
      });
      expect(existsSync(path.join(folder, '.claude'))).toBe(false);
    },
  );

  it('asks a program once, however many runs start, and again when its file has changed', async () => {
    const program = writeProgram(help);
    const both = await Promise.all([reader.read(requestOf(program)), reader.read(requestOf(program))]);
    expect(both).toEqual([knows, knows]);
    expect(readAsked()).toBe('--help\n');
    writeProgram('echo old');
    utimesSync(program, 1, 1);
    expect(await reader.read(requestOf(program))).toEqual(noAbilities);
    expect(readAsked()).toBe('--help\n--help\n');
  });

  it('asks the program that another one is to run', async () => {
    const npx = writeProgram(help, 'npx');
    expect(await reader.read(requestOf(npx, ['-y', '@anthropic-ai/claude-code']))).toEqual(knows);
    expect(readAsked()).toBe('-y @anthropic-ai/claude-code --help\n');
  });

  it('does not ask a program that is not called claude: it might begin to work', async () => {
    expect(await reader.read(requestOf(writeProgram(help, 'my-agent')))).toEqual(noAbilities);
    expect(existsSync(path.join(folder, 'asked'))).toBe(false);
  });

  it.each([
    ['fails', 'exit 3'],
    ['says too much', 'while :; do echo "$0 $0 $0 $0 $0 $0 $0 $0 $0 $0 $0 $0"; done'],
  ])('knows nothing of a program that %s, and asks it again', async (_, body) => {
    const program = writeProgram(body);
    expect(await reader.read(requestOf(program))).toEqual(noAbilities);
    expect(await reader.read(requestOf(program))).toEqual(noAbilities);
    expect(readAsked()).toBe('--help\n--help\n');
  });

  it('gives a program up that does not answer, and ends what it started', async () => {
    const child = path.join(folder, 'child');
    const giveUp = (wake: () => void): (() => void) => {
      const timer = setInterval(() => {
        if (existsSync(child)) wake();
      }, 10);
      return () => clearInterval(timer);
    };
    const hasty = new AbilityReader({ ...realClock, setTimer: (_, wake) => giveUp(wake) });
    const program = writeProgram('sleep 600 & echo $! > new; mv new child; wait');
    expect(await hasty.read(requestOf(program))).toEqual(noAbilities);
    const pid = Number(readFileSync(child, 'utf8'));
    await expect.poll(() => lives(pid)).toBe(false);
  });

  it('knows nothing of a program that is not there', async () => {
    expect(await reader.read(requestOf(path.join(folder, 'claude')))).toEqual(noAbilities);
    expect(await reader.read({ ...requestOf('/bin/true', ['claude']), cwd: '/no/such/folder' })).toEqual(noAbilities);
  });
});
