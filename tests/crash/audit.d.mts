import type { LogLine } from './sweep.mjs';

export function findOrderFaults(log: readonly LogLine[]): readonly string[];
export function countPlaced(log: readonly LogLine[]): number;
