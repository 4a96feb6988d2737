/**
 * Parses commands as users write them into a program and its arguments. The board never uses a shell, so commands that
 * need one are refused.
 */
import { parse } from 'shell-quote';
import { failure, success } from '../domain/result.ts';
import type { Result } from '../domain/result.ts';
import type { Argv } from '../domain/task.ts';
import { findControlCharacter } from './plain-text.ts';

const maxCommandChars = 4096;

/**
 * Splits a command into words; quotes and backslashes work as in a shell. Fails, with a sentence that completes "the
 * command …" and says what to do, where a shell would do more than split: operators, variables, globs, comments.
 */
export function parseArgv(command: string): Result<Argv, string> {
  const text = command.trim();
  if (text === '') return failure('is empty; write a program and its arguments');
  if (text.length > maxCommandChars) {
    return failure(`has ${String(text.length)} characters, more than ${String(maxCommandChars)}; ${useScript}`);
  }
  if (findControlCharacter(text) !== undefined) return failure('holds a control character; remove it');
  const needsShell = findShellText(text);
  if (needsShell !== undefined) return failure(needsShell);
  const words: string[] = [];
  for (const entry of parse(text)) {
    if (typeof entry !== 'string') return failure(describeOperator(entry));
    words.push(entry);
  }
  const [program, ...args] = words;
  if (program === undefined || program === '') return failure('names no program; write one first');
  if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(program)) {
    return failure(`begins with a variable; no shell is used: write \`env ${text}\``);
  }
  return success([program, ...args]);
}

const useScript = 'put the commands into a script file and name that file';

function describeOperator(entry: object): string {
  if ('comment' in entry) return 'holds `#`, which a shell takes as a comment; put the word in quotes, or remove it';
  const operator = 'op' in entry && typeof entry.op === 'string' ? entry.op : 'an operator';
  if (operator === 'glob') {
    return 'holds a glob; no shell is used to expand it: put it in quotes if the program expands it, or write a script file';
  }
  return `holds \`${operator}\`; no shell is used: write a list of commands, one an item, or ${useScript}`;
}

/** Syntax that the splitter would drop silently: open quotes, line ends, variables and command substitution. */
function findShellText(text: string): string | undefined {
  let quote: '"' | "'" | null = null;
  if (/[\r\n]/.test(text)) {
    return `goes over several lines; no shell is used: write a list of commands, one an item, or ${useScript}`;
  }
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quote === "'") {
      if (char === "'") quote = null;
    } else if (char === '\\' && !(quote === '"' && text.charAt(index + 1) === '`')) {
      index += 1;
      if (index === text.length) return 'ends with a backslash; remove it, or double it';
    } else if (char === '$' || char === '`') {
      return `holds ${char === '$' ? '`$`' : 'a backtick'}; no shell is used: put the word in single quotes, or ${useScript}`;
    } else if (char === quote) {
      quote = null;
    } else if (quote === null && (char === '"' || char === "'")) {
      quote = char;
    } else if (quote === null && char === '~' && /^\s?$/.test(text.charAt(index - 1))) {
      return 'has a word that begins with `~`; no shell is used: write the whole path, or put the word in quotes';
    }
  }
  return quote === null ? undefined : `has a quote (${quote}) that never ends; close it`;
}
