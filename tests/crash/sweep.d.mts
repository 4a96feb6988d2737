/** What `sweep.mjs` gives to a test. */
import type { Run, Scenario } from './scenario.mjs';

/** A line of a daemon's log: a call with its number, or the end of one. */
export interface LogLine {
  readonly k?: number;
  readonly op?: string;
  readonly path?: string;
  readonly to?: string;
  readonly hit?: string;
  readonly end?: number;
  readonly failed?: boolean;
}

/** A durable call. */
export interface Call extends LogLine {
  readonly k: number;
  readonly op: string;
  readonly path: string;
}

export interface Fault {
  readonly kind: 'kill' | 'torn' | 'fail' | 'full';
  /** The number of the call, among those of `op` if that is given. */
  readonly at: number;
  readonly op?: string;
  /** An expression that the call's path matches. */
  readonly path?: string;
  readonly code?: string;
}

export interface Point {
  readonly faults: readonly Fault[];
  readonly held?: boolean;
}

export interface Finding {
  readonly kind: 'loss' | 'double' | 'end';
  readonly text: string;
}

export interface Result {
  readonly point: Point;
  readonly findings: readonly Finding[];
  /** What was hit, in a few words. */
  readonly hits: readonly string[];
  readonly daemons: number;
  /** What the daemons printed, where something was found. */
  readonly said: string;
}

export interface Summary {
  readonly points: number;
  readonly hit: number;
  readonly runs: number;
  readonly losses: number;
  readonly doubleStarts: number;
  readonly wrongEnds: number;
}

export function nameOf(point: Point): string;
export function countCalls(scenario: Scenario, options?: { readonly held?: boolean }): Promise<readonly LogLine[]>;
export function numbered(calls: readonly LogLine[]): readonly Call[];
export function runPoint(scenario: Scenario, point: Point): Promise<Result>;
export function untilQuiet(run: Run, n: number, isOver?: () => boolean): Promise<void>;
export function sweep(
  scenario: Scenario,
  points: readonly Point[],
  options?: { readonly parallel?: number; readonly onResult?: (result: Result) => void },
): Promise<readonly Result[]>;
export function summarise(results: readonly Result[]): Summary;
