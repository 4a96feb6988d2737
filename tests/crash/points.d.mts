import type { Call, Point } from './sweep.mjs';

export const pointKinds: readonly string[];
export function choosePoints(
  kind: string,
  counts: { readonly all: number; readonly held: number },
  step?: number,
): readonly Point[];
export function sampleCalls(
  calls: readonly Call[],
  count: number,
): readonly { readonly op: string; readonly at: number }[];
