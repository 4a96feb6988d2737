/** A conflict among the works that a task builds on. An agent may resolve it; its result is compared with both sides. */
import { limits } from './limits.ts';
import type { TaskId } from './task.ts';

/** Two works that can't be merged by themselves. */
export interface BaseConflict {
  /** The two sides, such as `task/a` and `task/b`. */
  readonly sides: readonly [string, string];
  readonly files: readonly string[];
  /** The merge as far as git can make it, with marks in the files; its parents are the two sides. */
  readonly commit: string;
}

/** The result of an agent that resolved a conflict for a task: the tree of the commit `tip`. */
export interface Resolution {
  readonly task: TaskId;
  readonly conflict: BaseConflict;
  readonly tip: string;
  /** Of the merge. */
  readonly message: string;
}

/** A line that a side added and that the result lacks; `line` is null where it is about a file as a whole. */
export interface Loss {
  readonly side: string;
  readonly path: string;
  readonly line: string | null;
}

/** A loss as the agent that resolved the conflict names it. */
export interface NamedLoss {
  readonly path: string;
  readonly line: string | null;
  readonly reason: string;
}

/** The findings that only the resolution of a conflict is judged by. */
export interface MergeEvidence {
  /** Files in which marks of the conflict are left. */
  readonly marked: readonly string[];
  readonly losses: readonly Loss[];
  /** Files that the agent changed though there was no conflict in them. */
  readonly beside: readonly string[];
}

/** The losses that were not named. Spaces don't tell lines apart. */
export function findUnnamed(losses: readonly Loss[], named: readonly NamedLoss[]): readonly Loss[] {
  const known = new Set(named.flatMap(({ path, line }) => (line ?? '').split('\n').map((each) => keyOf(path, each))));
  return losses.filter(({ path, line }) => !known.has(keyOf(path, line ?? '')));
}

function keyOf(path: string, line: string): string {
  return `${path.replace(/^\.\//, '')}\n${foldLine(line)}`;
}

/** The part of a line by which it is told from others: its beginning, with one space where there are several, and none at its ends. */
export function foldLine(line: string): string {
  return line.trim().replace(/\s+/g, ' ').slice(0, limits.maxLossChars);
}

/** The message of the merge that keeps a resolution. */
export function describeResolution(
  { sides, files }: BaseConflict,
  { summary, named }: { readonly summary: string; readonly named: readonly NamedLoss[] },
): string {
  const lost = named.length === 0 ? '' : `\n\nNot as a side had it:\n${list(named.map(describeNamed))}`;
  return `Merge work of ${sides.join(', ')}\n\n${summary.trim()}\n\nIn conflict were:\n${list(files)}${lost}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** A loss in words. */
export function describeLoss({ side, path, line }: Loss): string {
  return line === null ? `${path}, as ${side} has it` : `${path}, of ${side}: ${line}`;
}

/** A loss that was named, in words. */
export function describeNamed({ path, line, reason }: NamedLoss): string {
  return `${path}${line === null ? '' : `: ${line}`} (${reason})`;
}
