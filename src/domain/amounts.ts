/** Money, time and counts as people read them. */
import type { Diffstat } from './work-evidence.ts';

/** A price: two decimals, more only where they would be all there is. */
export function formatUsd(usd: number): string {
  return usd > 0 && usd < 0.01 ? 'under $0.01' : `$${usd.toFixed(2)}`;
}

/** A time span in the unit that fits: `45 s`, `12 min`, `1 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${String(Math.floor(ms / 1_000))} s`;
  const minutes = Math.floor(ms / 60_000);
  const rest = minutes % 60 === 0 ? '' : ` ${String(minutes % 60)} min`;
  return minutes < 60 ? `${String(minutes)} min` : `${String(Math.floor(minutes / 60))} h${rest}`;
}

/** A number of things: `1 file`, `3 files`. */
export function countOf(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The size of a change: `5 files, +120 −14`. */
export function formatDiffstat({ files, insertions, deletions }: Diffstat): string {
  return `${countOf(files, 'file')}, +${String(insertions)} −${String(deletions)}`;
}

/** A size in the unit that fits: `512 bytes`, `3.1 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['kB', 'MB', 'GB'] as const;
  if (bytes < 1_000) return `${String(bytes)} bytes`;
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** power).toFixed(1)} ${units[power - 1] ?? 'kB'}`;
}
