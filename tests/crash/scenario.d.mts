/** What `scenario.mjs` gives to a test. */
import type { ChildProcess } from 'node:child_process';
import type { LogLine } from './sweep.mjs';

export interface Scenario {
  copy(): Run;
  dispose(): void;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly late: boolean;
}

export class Run {
  readonly root: string;
  readonly repo: string;
  readonly board: string;
  readonly daemons: number;
  start(fault?: Readonly<Record<string, string>>): {
    readonly n: number;
    readonly child: ChildProcess;
    readonly ended: Promise<Ended>;
  };
  run(fault?: Readonly<Record<string, string>>): Promise<Ended>;
  calls(n: number): readonly LogLine[];
  hits(n: number): readonly LogLine[];
  said(n: number): string;
  tell(name: string): void;
  dispose(): void;
}

export function openScenario(): Scenario;
export function waitUntil(holds: () => boolean, forMs?: number): Promise<boolean>;
