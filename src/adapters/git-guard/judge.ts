/**
 * Decides whether a command line may run: every git command in it has to stand alone, in the root of the worktree, with
 * options that keep to the repository. The guard refuses what it can't decide for certain. It leaves other programs to
 * Claude Code's own rules, but for reads that these overlook.
 */
import { readCommandLine, type CommandLine, type SimpleCommand } from './command-line.ts';
import { gitCommands, type GitCommand } from './options.ts';
import { runners, shellChangers } from './known-programs.ts';
import { matchesRule } from './rules.ts';
import { findUncheckedRead } from './unchecked-reads.ts';

/** The rules and the run that a command line is judged by. */
export interface GuardOptions {
  /** The root of the worktree: its absolute path, and that path with links resolved. */
  readonly worktree: readonly string[];
  /** The folder in which the command line starts, with links resolved. */
  readonly cwd: string;
  /** Claude Code's rules that the user wrote, such as `Bash(git push *)`; what they allow is allowed. */
  readonly rules: readonly string[];
}

/** Allowed, or refused with words for the agent: what was wrong, and what to type instead. */
export type Judgement = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** Judges a command line. Never throws, whatever the text. */
export function judgeCommand(text: string, options: GuardOptions): Judgement {
  const line = readCommandLine(text);
  if (!line.ok) {
    return mentionsGit(text) ? refuse(`this is no valid bash (${line.failure})`) : { allowed: true };
  }
  const reason = findFault(line.value, options);
  return reason === null ? { allowed: true } : refuse(reason);
}

/** The beginning of each refusal, by which it is known in an agent's stream. */
export const refusalBeginning = 'Not run: ';

function refuse(fault: string): Judgement {
  const reason = `${refusalBeginning}${fault}. Nothing outside of the worktree is to be read or written here, so only command lines that can be checked are run.`;
  return { allowed: false, reason };
}

function findFault(line: CommandLine, options: GuardOptions): string | null {
  const isOwn = ({ text }: SimpleCommand): boolean => options.rules.some((rule) => matchesRule(text, rule));
  const foreign = line.commands.filter((command) => !isOwn(command));
  for (const command of foreign) {
    const [program] = command.words;
    if (program === null && !command.runsGit)
      return `the program's name in \`${command.text}\` is not known before it runs; write it out`;
    if (program !== undefined && program !== null && runners.has(baseName(program)) && mentionsGit(command.text)) {
      return `git is to be the program itself, not an argument of ${program}: write \`git …\` alone`;
    }
    const read = command.runsGit ? null : findUncheckedRead(command);
    if (read !== null) return read;
  }
  const gits = foreign.filter(({ runsGit }) => runsGit);
  if (gits.length === 0) return null;
  for (const fault of gits.map(findGitFault(options.worktree))) if (fault !== null) return fault;
  return findSurroundingFault(line, options);
}

/** The reason why the rest of a command line would change what its git commands do, or null. */
function findSurroundingFault({ commands, startsIn, changesShell }: CommandLine, options: GuardOptions): string | null {
  const isRoot = (folder: string | null | undefined): boolean =>
    typeof folder === 'string' && options.worktree.includes(folder);
  const [root = '/'] = options.worktree;
  if (changesShell !== null) return `\`${changesShell}\` is in the same command line as git; run git in one of its own`;
  for (const { words, text, runsGit, setsVariables } of commands) {
    const [program, ...args] = words;
    const goesToRoot = program === 'cd' && args.length === 1 && isRoot(args[0]);
    const changes = setsVariables || shellChangers.has(program ?? '') || (program === 'printf' && args.includes('-v'));
    if (!runsGit && changes && !goesToRoot) {
      return `\`${text}\` changes what git does after it; git runs in the root of the worktree alone: \`cd ${root} && git …\``;
    }
  }
  if (isRoot(options.cwd) || isRoot(startsIn)) return null;
  return `git runs in the root of the worktree alone: \`cd ${root} && git …\``;
}

function findGitFault(worktree: readonly string[]) {
  return (command: SimpleCommand): string | null => {
    if (!command.standsAlone) {
      return `git is not to run within a loop, a condition, a group or a substitution: run \`${command.text}\` alone`;
    }
    if (command.setsVariables) return `no variables are to be set for git: run it without them`;
    if (command.redirects) return `git's streams are not to be redirected, but to /dev/null: \`${command.text}\``;
    const words = command.words.filter((word) => word !== null);
    if (words.length < command.words.length) {
      return `the shell would expand a word of \`${command.text}\`: write it out, or put it in single quotes`;
    }
    const [, name = '', ...args] = words;
    const known = gitCommands.get(name);
    if (known === undefined) {
      return `${name === '' ? '`git` alone' : `\`git ${name}\``} is not allowed; these are: ${[...gitCommands.keys()].join(', ')}. Nothing stands between git and the command's name`;
    }
    return findArgumentFault(name, known, args, worktree);
  };
}

function findArgumentFault(
  name: string,
  command: GitCommand,
  args: readonly string[],
  worktree: readonly string[],
): string | null {
  let onlyWords = false;
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--') {
      onlyWords = true;
    } else if (!word.startsWith('-')) {
      if (!command.takesWords) return `\`git ${name}\` takes no words here, such as "${word}"`;
      const fault = findPathFault(word, worktree);
      if (fault !== null) return `\`git ${name}\`: ${fault}`;
    } else if (onlyWords || word === '-') {
      return `\`git ${name}\`: "${word}" begins with "-"; write \`./${word}\` if it is a file`;
    } else {
      const use = readOption(word, command);
      if (use === 'unknown') {
        return `\`git ${name}\`: "${word}" is not allowed; these are, written in full: ${listOptions(command)}`;
      }
      if (use === 'wants-value') {
        index += 1;
        // Whatever git takes for an option is judged as one, so that no value can hide an option.
        if (args[index]?.startsWith('-') === true)
          return `\`git ${name}\`: join "${args[index] ?? ''}" to its option: \`--option=value\``;
      }
    }
  }
  return null;
}

/** Whether an option is allowed as it is written, and whether the next word is its value. */
function readOption(word: string, { options }: GitCommand): 'whole' | 'wants-value' | 'unknown' {
  if (word.startsWith('--')) {
    const [, name = '', value] = /^([^=]*)(=[^]*)?$/.exec(word) ?? [];
    const kind = options.get(name);
    if (kind === undefined || (kind === 'flag' && value !== undefined)) return 'unknown';
    return kind === 'value' && value === undefined ? 'wants-value' : 'whole';
  }
  // A number of commits, as in `git log -5`.
  if (/^-\d+$/.test(word)) return options.has('--max-count') || options.has(word) ? 'whole' : 'unknown';
  for (let at = 1; at < word.length; at += 1) {
    const kind = options.get(`-${word.charAt(at)}`);
    if (kind === undefined) return 'unknown';
    if (kind !== 'flag') return kind === 'value' && at === word.length - 1 ? 'wants-value' : 'whole';
  }
  return 'whole';
}

/** A file outside, by its path alone: git itself keeps to the repository for all others, links included. */
function findPathFault(word: string, worktree: readonly string[]): string | null {
  const isInside = worktree.some((root) => word === root || word.startsWith(`${root}/`));
  if (!word.split('/').includes('..') && (isInside || !word.startsWith('/'))) return null;
  return `"${word}" is not in the worktree; name files by their path from its root`;
}

function listOptions({ options }: GitCommand): string {
  const suffixes = { flag: '', value: '=', optional: '[=]' } as const;
  return [...options].map(([name, kind]) => `${name}${suffixes[kind]}`).join(' ');
}

function baseName(program: string): string {
  return program.replace(/^.*\//s, '');
}

/** Whether the word git is in a text, seen through quotes; `.gitignore` and `git.test.ts` are other words. */
function mentionsGit(text: string): boolean {
  return /(?<![\w.-])git(?![\w/-]|\.\w)/i.test(text.replace(/\\\n|["'\\]/g, ''));
}
