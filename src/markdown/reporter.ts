/** Collects problems of one file by offset, and turns them into diagnostics with line and column. */
import type { Diagnostic, Parsed } from '../domain/diagnostic.ts';
import { findControlCharacter } from './plain-text.ts';

/** A file with more problems has the rest counted, not listed. */
const maxDiagnosticsPerFile = 50;

/** A diagnostic without its place; an error where it does not say otherwise. */
export type Problem = Pick<Diagnostic, 'message' | 'expected' | 'hint'> & {
  readonly severity?: Diagnostic['severity'];
};

/** See {@link createReporter}. */
export interface Reporter {
  /** Notes a problem at an offset of the text; null means the whole file. */
  readonly report: (offset: number | null, problem: Problem) => void;
  /** The file as the user knows it. */
  readonly file: string;
  /** Whether an error was reported. */
  readonly failed: () => boolean;
  /** The value, unless an error was reported, and the diagnostics, bounded: errors first, each kind in the file's order. */
  readonly finish: <Value>(value: Value | undefined) => Parsed<Value>;
}

/** Makes a reporter for a text; `file` is what its diagnostics name. */
export function createReporter(file: string, text: string): Reporter {
  const found: { readonly offset: number; readonly diagnostic: Diagnostic }[] = [];
  let errors = 0;
  let lineStarts: readonly number[] | undefined;
  return {
    file,
    report: (offset, { severity = 'error', ...problem }) => {
      if (severity === 'error') errors += 1;
      lineStarts ??= findLineStarts(text);
      const place = offset === null ? {} : locate(lineStarts, offset);
      found.push({ offset: offset ?? -1, diagnostic: { severity, file, ...place, ...problem } });
    },
    failed: () => errors > 0,
    finish: (value) => {
      const inOrder = found.toSorted((a, b) => a.offset - b.offset).map(({ diagnostic }) => diagnostic);
      const sorted = (['error', 'warning'] as const).flatMap((kind) =>
        inOrder.filter(({ severity }) => severity === kind),
      );
      return { value: errors > 0 ? undefined : value, diagnostics: boundDiagnostics(file, sorted) };
    },
  };
}

/** Reports the first control character that has no place in a text; returns whether there was one. */
export function reportControlCharacter(text: string, reporter: Reporter): boolean {
  const offset = findControlCharacter(text);
  if (offset === undefined) return false;
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0');
  reporter.report(offset, {
    message: `there is a control character here (U+${code})`,
    expected: 'plain UTF-8 text',
    hint: code === '0000' ? 'Save the file as UTF-8 text.' : 'Remove it; it may come from pasted terminal output.',
  });
  return true;
}

function boundDiagnostics(file: string, sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  if (sorted.length <= maxDiagnosticsPerFile) return sorted;
  const kept = sorted.slice(0, maxDiagnosticsPerFile);
  const more = sorted.length - kept.length;
  return [...kept, { severity: 'warning', file, message: `there are ${String(more)} more problems in this file` }];
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

function locate(lineStarts: readonly number[], offset: number): { readonly line: number; readonly column: number } {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
}
