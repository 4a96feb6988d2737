/**
 * Tries once whether this machine can confine a command: one is started inside that writes where it may and where it may
 * not. What is installed says little: containers and distributions refuse namespaces in many ways.
 */
import { existsSync } from 'node:fs';
import { messageOf } from '../../domain/error-message.ts';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { stripHidden } from '../../domain/visible-text.ts';
import { defaultSettings } from '../../domain/settings.ts';
import type { Sandbox, SandboxMode } from '../../domain/sandbox.ts';
import { confine } from './confined-command.ts';

const probeTimeoutMs = 20_000;
const maxReasonChars = 300;

/** The trial's program: it fails if it can't write its own folder, or if it can write the one above. */
const script = `const { writeFileSync } = require('node:fs');
writeFileSync('inside', '');
try { writeFileSync('../outside', ''); } catch { process.exit(0); }
process.exit(1);`;

/** The packages that a machine lacks for a sandbox on Linux, and how to get them; macOS brings all of it. */
const programs = ['bwrap', 'socat'];
const packages = 'bubblewrap socat';

/** Tries the sandbox, unless the user switched it off. `searchPath` is a `PATH`. Never throws. */
export async function trySandbox(mode: SandboxMode, searchPath: string): Promise<Sandbox> {
  if (mode === 'off') return { kind: 'off' };
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    return missing('there is none for this system', 'Use Linux or macOS for it.');
  }
  const absent = process.platform === 'linux' ? programs.filter((name) => !isOnPath(name, searchPath)) : [];
  if (absent.length > 0) return missing(`${absent.join(' and ')} not found`, adviseToInstall(searchPath));
  const folder = await mkdtemp(join(tmpdir(), 'bb-probe-'));
  try {
    const worktree = join(folder, 'inside');
    await mkdir(worktree);
    return await tryCommand(worktree);
  } catch (error) {
    return missing(messageOf(error), hintForFailure);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const hintForFailure =
  'Some systems forbid it to ordinary users: https://code.claude.com/docs/en/sandboxing says how to allow it.';

async function tryCommand(worktree: string): Promise<Sandbox> {
  const command = await confine([process.execPath, '-e', script], worktree, {
    ...defaultSettings.sandbox,
    denyRead: [],
  });
  try {
    const [program, ...args] = command.argv;
    const { exitCode, all } = await execa(program, args, {
      cwd: worktree,
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: probeTimeoutMs,
    });
    if (exitCode === 0) return { kind: 'on' };
    const said = stripHidden(all).trim().slice(-maxReasonChars);
    return missing(said === '' ? 'a command inside it could write outside' : said, hintForFailure);
  } finally {
    await command.end();
  }
}

function missing(why: string, hint: string): Sandbox {
  return { kind: 'missing', why, hint };
}

/** Whether a folder of a `PATH` holds a file of that name. */
export function isOnPath(name: string, searchPath: string): boolean {
  return searchPath.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** By the package manager that is there. */
function adviseToInstall(searchPath: string): string {
  const commands: readonly (readonly [string, string])[] = [
    ['apt-get', `sudo apt-get install ${packages}`],
    ['dnf', `sudo dnf install ${packages}`],
    ['pacman', `sudo pacman -S ${packages}`],
    ['zypper', `sudo zypper install ${packages}`],
    ['apk', `sudo apk add ${packages}`],
  ];
  const found = commands.find(([name]) => isOnPath(name, searchPath));
  return `To have one: ${found?.[1] ?? `install ${packages.replace(' ', ' and ')}`}, then start the board again.`;
}
