import { toVisibleLine } from './visible-text.ts';

/** A problem in a file that the user wrote: where, what is wrong, what was expected, what to do. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** The file as the user knows it, relative to the repository, such as `.orchestrator/inbox/a.md`. */
  readonly file: string;
  /** 1-based; absent where the whole file is meant. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** The problem, such as `priority is "urgent"`. */
  readonly message: string;
  /** The expected value, such as `one of high, normal, low`. */
  readonly expected?: string;
  /** The next thing to type or do. */
  readonly hint?: string;
}

/** A value, if one could be made, and all there is to say about its source. */
export interface Parsed<Value> {
  readonly value: Value | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** One line: `file:line:column: message; expected …; hint`. Terminal escapes in a file's name are removed. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, expected, hint } = diagnostic;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const rest = `${expected === undefined ? '' : `; expected ${expected}`}${hint === undefined ? '' : `. ${hint}`}`;
  return toVisibleLine(`${place}: ${message}${rest}`);
}
