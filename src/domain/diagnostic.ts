import { toVisibleLine } from './visible-text.ts';

/** Something the user should know about a file they wrote: where it is, what is wrong, what was expected, what to do. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** The file as the user knows it, relative to the repository, such as `.orchestrator/inbox/a.md`. */
  readonly file: string;
  /** 1-based; absent where the whole file is meant. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** What is wrong, such as `priority is "urgent"`. */
  readonly message: string;
  /** What was expected, such as `one of high, normal, low`. */
  readonly expected?: string;
  /** What to type or do next. */
  readonly hint?: string;
}

/** A value, if one could be made, and all there is to say about its source. */
export interface Parsed<Value> {
  readonly value: Value | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** One line: `file:line:column: message; expected …; hint`. What a file is called can't make a terminal do anything. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message, expected, hint } = diagnostic;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const rest = `${expected === undefined ? '' : `; expected ${expected}`}${hint === undefined ? '' : `. ${hint}`}`;
  return toVisibleLine(`${place}: ${message}${rest}`);
}
