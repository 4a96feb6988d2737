/** The globs of what tasks are expected to change. */

/** Whether one file may be meant by a glob of each. */
export function touchSame(ones: readonly string[], others: readonly string[]): boolean {
  return ones.some((one) => others.some((other) => mayOverlap(one, other)));
}

/** Whether one file may match both globs: the part before the first wildcard of one leads to that of the other. */
function mayOverlap(a: string, b: string): boolean {
  const [one, other] = [plainStart(a), plainStart(b)];
  return one.startsWith(other) || other.startsWith(one);
}

/** A path without wildcards names a file or a folder, and no other whose name only begins so. */
function plainStart(glob: string): string {
  const [start = ''] = glob.replace(/^\.\//, '').split(/[*?[{]/, 1);
  return start === glob ? `${start.replace(/\/$/, '')}/` : start;
}
