import type { Ended, Scenario } from './scenario.mjs';
import type { Finding } from './sweep.mjs';

/** What a board on a small disk did. */
export interface SmallDiskReport {
  /** Before there was room again. */
  readonly whenFull: { readonly said: string; readonly ended: Ended | null };
  readonly end: Ended;
  readonly findings: readonly Finding[];
  readonly said: string;
}

export function hasNamespaces(): boolean;
export function runOnSmallDisk(scenario: Scenario): SmallDiskReport;
