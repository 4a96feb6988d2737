/**
 * A command line as bash reads it → its simple commands, each with the exact words that its program is given. Where
 * bash would expand a word, the word is unknown; nothing is guessed.
 */
import {
  forEachChild,
  parse,
  type Command,
  type Redirected,
  type Redirection,
  type SyntaxNode,
  type Word,
} from 'unbash';
import { failure, success, type Result } from '../../domain/result.ts';

/** A program with its arguments, or a group with redirections, somewhere in a command line. */
export interface SimpleCommand {
  /** As it was typed, redirections included, and the text that is fed to it with `<<`. */
  readonly text: string;
  /** The program and its arguments; null for a word that bash would expand. */
  readonly words: readonly (string | null)[];
  /** Whether the program is git, in any spelling, as far as the text shows. */
  readonly runsGit: boolean;
  /** Whether variables are set before the program (`A=x git log`), or alone (`A=x`). */
  readonly setsVariables: boolean;
  /** Whether it reads or writes anything by redirection but `/dev/null` and its other streams. */
  readonly redirects: boolean;
  /** Whether it is fed from a file with `<`. */
  readonly readsFile: boolean;
  /** Whether it stands for itself: not in a loop, a condition, a group, a substitution. */
  readonly standsAlone: boolean;
}

/** The parts of a command line that decide what its git commands do. */
export interface CommandLine {
  readonly commands: readonly SimpleCommand[];
  /** The folder that `cd FOLDER &&` at its beginning leads to, or null. */
  readonly startsIn: string | null;
  /** Syntax that may change the shell's variables or functions, such as `for` or `${x:=y}`, or null. */
  readonly changesShell: string | null;
}

/** Reads a command line; fails with the parser's words where it isn't valid bash. */
export function readCommandLine(text: string): Result<CommandLine, string> {
  const script = parse(text);
  const commands: SimpleCommand[] = [];
  let changesShell: string | null = null;
  let error: string | undefined;
  const visit = (node: SyntaxNode, standsAlone: boolean): void => {
    if (node.type === 'Script') error ??= node.errors?.[0]?.message;
    if (node.type === 'Command') commands.push(readCommand(node, text, standsAlone));
    if (node.type === 'Redirected') commands.push(readGroup(node, text));
    if (mayChangeShell(node)) changesShell ??= text.slice(node.pos, node.end);
    const isTransparent = standsAlone && plainContexts.has(node.type);
    forEachChild(node, (child) => visit(child, isTransparent));
  };
  visit(script, true);
  if (error !== undefined) return failure(error);
  return success({ commands, startsIn: readStart(script), changesShell });
}

/** A word's exact value, or null where bash, or zsh, would expand it. */
export function readWord(word: Word): string | null {
  const parts = word.parts ?? [word];
  const holdsBrace = parts.some(({ type, text }) => !/Quoted$/.test(type) && text.includes('{'));
  // Bash finds lists in braces in odd places, such as behind a backslash; commits (`HEAD@{1}`) have none of these.
  if (holdsBrace && /[,\\]|\.\./.test(word.text)) return null;
  const values = parts.map((part) => {
    if (part.type === 'SingleQuoted') return part.value;
    if (part.type === 'DoubleQuoted') return readQuoted(part.parts);
    return (part.type === 'Word' || part.type === 'Literal') && !isOpen.test(part.text) ? part.value : null;
  });
  return values.includes(null) ? null : values.join('');
}

/**
 * Unquoted text that may be more than it seems: home folders (`~/x`, `a=~/x`), zsh's `=program`, and what a line's end
 * that is taken away joins together, such as the two halves of `$'x'`.
 */
const isOpen = /^=|(?:^|[=:])~|\$|\\\n/;
/** Syntax that runs each command in it once, in the shell itself or as a part of a pipeline. */
const plainContexts: ReadonlySet<string> = new Set(['Script', 'Statement', 'AndOr', 'Pipeline']);
/** Syntax that sets variables or functions, or holds whole lists of commands. */
const shellChanging: ReadonlySet<string> = new Set([
  ...['If', 'For', 'ArithmeticFor', 'Select', 'While', 'Subshell', 'BraceGroup', 'Case', 'TestCommand'],
  ...['ArithmeticCommand', 'Function', 'Coproc', 'ArithmeticExpansion'],
]);

function mayChangeShell(node: SyntaxNode): boolean {
  return shellChanging.has(node.type) || (node.type === 'Default' && node.operator.endsWith('='));
}

function readCommand(node: Command, text: string, standsAlone: boolean): SimpleCommand {
  const { name, prefix, redirects } = node;
  const args = node.args.map((arg) => (arg.type === 'Word' ? readWord(arg) : null));
  const fed = redirects.map((redirect) => (redirect.type === 'HereDoc' ? `\n${redirect.body.text}` : ''));
  return {
    text: `${text.slice(node.pos, node.end)}${fed.join('')}`,
    words: name === undefined ? [] : [readWord(name), ...args],
    runsGit: name !== undefined && namesGit(name.value),
    setsVariables: prefix.some(({ type }) => type === 'Assignment'),
    redirects: !redirects.every(isHarmless),
    readsFile: redirects.some(isFromFile),
    standsAlone,
  };
}

/** A group, a loop or a condition with redirections: what is in it is read for itself. */
function readGroup({ pos, end, redirects }: Redirected, text: string): SimpleCommand {
  return {
    text: text.slice(pos, end),
    words: [],
    runsGit: false,
    setsVariables: false,
    redirects: !redirects.every(isHarmless),
    readsFile: redirects.some(isFromFile),
    standsAlone: false,
  };
}

/** `git`, or a path to it; in any case of letters, which some file systems don't tell apart. */
function namesGit(program: string): boolean {
  return /(?:^|\/)git$/i.test(program);
}

function readQuoted(parts: readonly SyntaxNode[]): string | null {
  const values = parts.map((part) => {
    if (part.type !== 'Literal') return readMessage(part);
    return /[$`]|\\\n/.test(part.text.replace(/\\[^\n]/g, '')) ? null : part.value;
  });
  return values.includes(null) ? null : values.join('');
}

/** The text in `"$(cat <<'EOF' … )"`, the form in which Claude Code teaches its model to write commit messages. */
function readMessage(node: SyntaxNode): string | null {
  if (node.type !== 'CommandExpansion' || !node.text.startsWith('$(')) return null;
  const [statement, ...others] = node.script?.commands ?? [];
  if (statement === undefined || others.length > 0 || statement.background === true) return null;
  const { command } = statement;
  if (command.type !== 'Command' || command.prefix.length > 0 || command.suffix.length !== 1) return null;
  const [document] = command.suffix;
  if (command.name?.text !== 'cat' || document?.type !== 'HereDoc' || document.operator !== '<<') return null;
  const isWhole = document.delimiter?.quoted === true && document.closing !== undefined;
  return isWhole && document.descriptor === undefined ? document.body.text.replace(/\n+$/, '') : null;
}

function isHarmless(redirect: Redirection): boolean {
  if (redirect.type !== 'Redirect' || redirect.target === undefined) return false;
  const target = readWord(redirect.target);
  return target === '/dev/null' || (/^[<>]&$/.test(redirect.operator) && /^(?:\d|-)$/.test(target ?? ''));
}

function isFromFile(redirect: Redirection): boolean {
  return redirect.type === 'Redirect' && /^<>?$/.test(redirect.operator) && !isHarmless(redirect);
}

function readStart({ commands: [first] }: ReturnType<typeof parse>): string | null {
  if (first === undefined || first.background === true) return null;
  const { command } = first;
  const isList = command.type === 'AndOr';
  if (isList && command.operators[0] !== '&&') return null;
  const start = isList ? command.commands[0] : command;
  if (start?.type !== 'Command' || start.prefix.length > 0 || start.suffix.length !== 1) return null;
  const [folder] = start.suffix;
  return start.name?.text === 'cd' && folder?.type === 'Word' ? readWord(folder) : null;
}
