/**
 * Turns errors of git and of the system into messages for the person who reads them: what happened, where, and what to
 * do.
 */
import { statfsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import type { Reason } from '../../domain/run.ts';
import { PortError } from '../../ports.ts';

/** Git's words in a message are cut after so many characters. */
const maxQuotedChars = 600;
/** Stands for the exit code of a command that a signal ended; no program can end with it. */
export const killedExitCode = 256;

/** A disk with less room than this is full. */
const fullDiskBytes = 1024 * 1024;

/** The end of one command. */
export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An error for a command that failed, with what git said and what to do next. */
export function gitError(args: readonly string[], output: GitOutput, cwd: string): PortError {
  const said = quote(output.stderr) || describeSilence(output.exitCode);
  const { code, hint } = explain(output.stderr, cwd);
  const message = `${nameOf(args)} failed in ${cwd}: ${said}${hint === null ? '' : `. ${hint}`}`;
  return new PortError(message, code === null ? {} : { code });
}

function describeSilence(exitCode: number): string {
  return exitCode === killedExitCode
    ? 'it was killed, as by a user or where memory runs out. Trying again is safe'
    : `it ended with code ${String(exitCode)} and said nothing`;
}

/** An error that means `reason` for its task. */
export function taskError(reason: Reason, detail: string, cause?: unknown): PortError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  return new PortError(detail, { fault: { reason, detail }, cause, ...(code === null ? {} : { code }) });
}

/** Git's own words without its decorations, shortened. */
export function quote(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => line !== '' && !/^(hint|warning|Preparing|Another git process)\b/.test(line));
  return telling
    .slice(0, 3)
    .map((line) => line.replace(/^(fatal|error): /, ''))
    .join('; ')
    .slice(0, maxQuotedChars);
}

function explain(stderr: string, cwd: string): { readonly code: string | null; readonly hint: string | null } {
  const lock =
    /Unable to create '(.+?\.lock)': File exists/.exec(stderr)?.[1] ??
    /could not lock config file (.+?): File exists/.exec(stderr)?.[1]?.concat('.lock');
  if (lock !== undefined) {
    const hint = `Another git process is at work here, or one was killed. If none runs any more: rm '${lock}'`;
    return { code: 'EEXIST', hint };
  }
  // Of a file that could not be written git does not always say why.
  const words = /writ|creat|lock|mkdir/i.test(stderr) && isFull(cwd) ? noSpace : stderr;
  for (const { pattern, code, hint } of troubles) {
    const found = pattern.exec(words);
    if (found !== null) return { code, hint: hint(resolve(cwd, found[1] ?? ''), found[1] ?? '') };
  }
  return { code: null, hint: null };
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < fullDiskBytes;
  } catch {
    return false;
  }
}

/** How to mend a filter that git could not run, by its driver's name in `.gitattributes`. */
export function adviseOnFilter(driver: string): string {
  if (driver === 'lfs')
    return 'Files here are stored by git-lfs: install it (https://git-lfs.com), then: git lfs install';
  if (driver.startsWith('git-crypt')) {
    return 'Files here are encrypted by git-crypt: install it (https://github.com/AGWA/git-crypt), then: git-crypt unlock';
  }
  return `The filter ${driver} changes files as they are checked out. See its command, and install what it names: git config --get-regexp 'filter\\.${driver}\\.'`;
}

const noSpace = 'No space left on device';

/** Something that goes wrong for reasons outside of the task. */
interface Trouble {
  /** Git's message; the parentheses hold the file that is to blame. */
  readonly pattern: RegExp;
  /** The system's code, or null. */
  readonly code: string | null;
  /** The user's next step; `place` is the file, or the folder where git ran; `word` is what the parentheses hold. */
  readonly hint: (place: string, word: string) => string;
}

const troubles: readonly Trouble[] = [
  {
    pattern: /Error downloading object|Smudge error/,
    code: null,
    hint: () =>
      'git-lfs could not get a file that it stores. See why: git lfs fetch. Where the file is, type: git lfs push --all origin. To do without it: git config lfs.skipdownloaderrors true',
  },
  {
    pattern: /: (?:smudge|clean) filter '?(.+?)'? failed/,
    code: null,
    hint: (_, driver) => adviseOnFilter(driver),
  },
  {
    pattern: /No space left on device|Out of diskspace/i,
    code: 'ENOSPC',
    hint: () => 'The disk is full: make room (df -h shows how much there is), then try again.',
  },
  {
    pattern: /Disk quota exceeded/,
    code: 'EDQUOT',
    hint: () => 'Your disk quota is used up: make room, then try again.',
  },
  {
    pattern: /Read-only file system/,
    code: 'EROFS',
    hint: () => 'The file system is mounted read-only: mount it writable (mount -o remount,rw …), then try again.',
  },
  {
    pattern: /Permission denied|insufficient permission/,
    code: 'EACCES',
    hint: (place) =>
      `The board may not write there. See who owns it (ls -ld '${place}'), and give it to yourself: sudo chown -R "$(id -un)" '${place}'`,
  },
  {
    pattern: /Operation not permitted/,
    code: 'EPERM',
    hint: (place) =>
      `The system forbids it, as where a file is immutable or a mount does not allow it. See: ls -ld '${place}'; lsattr -d '${place}' (chattr -i lifts it), then try again.`,
  },
  {
    pattern: /unable to create directory for|could not create (?:leading )?director|cannot mkdir|Not a directory/,
    code: null,
    hint: (place) =>
      `A file may stand where git needs a folder, or the folder above it can't be written to. See what is there (ls -ld '${place}'), move it away, then try again.`,
  },
  {
    pattern: /bad config (?:line \d+|variable \S+) in file '?([^'\n]+?)'?(?: at line \d+)?$/m,
    code: null,
    hint: (place) => `Correct that line, then try again: "\${EDITOR:-vi}" '${place}'`,
  },
  {
    pattern: /(?:unexpected|unterminated) line in (.+?packed-refs)/,
    code: null,
    hint: (place) =>
      `That file, in which git keeps refs, is damaged. Copy it (cp '${place}' '${place}.broken'), take the line out ("\${EDITOR:-vi}" '${place}'), then try again; \`branchboard rescue ID\` lists what a task had`,
  },
  {
    pattern: /not a git repository/,
    code: null,
    hint: (place) =>
      `Its .git was moved or deleted, or a disk is not mounted. See what is there (ls -ld '${join(place, '.git')}'), put it back, then try again.`,
  },
  {
    pattern:
      /object file \S+ is empty|loose object \S+ .*is corrupt|object corrupt|inflate: data stream error|unable to read tree|bad object/,
    code: null,
    hint: () =>
      'A file of the repository is damaged, as by a power cut. `git fsck --full` names what is missing; `git fetch` brings back what a remote has; `branchboard rescue ID` lists earlier commits of a task',
  },
];

/** A command as it stands in messages: without its arguments. */
export function nameOf(args: readonly string[]): string {
  const words = args[0] === 'worktree' ? args.slice(0, 2) : args.slice(0, 1);
  return ['git', ...words].join(' ');
}

/** The system's own error, such as that of a full disk, with its code and what to do; any other as it is. */
export function adviseOn(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof PortError || !(error instanceof Error) || code === null) return error;
  const place = 'path' in error && typeof error.path === 'string' ? error.path : '.';
  const hint = troubles.find((trouble) => trouble.code === code)?.hint(place, '');
  const message = hint === undefined ? error.message : `${error.message}. ${hint}`;
  return new PortError(message, { code, cause: error });
}
