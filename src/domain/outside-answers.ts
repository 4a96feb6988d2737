/** Answers of the ports: a task loaded for the first time, the state of a run, a fault. */
import type { TaskFile } from './board.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Hold } from './hold.ts';
import type { OutsideKind } from './outside-kind.ts';
import type { Fault, RunExit, RunView } from './run.ts';
import type { TaskFacts } from './task-facts.ts';
import type { TaskSpec } from './task.ts';

/** The work that was reviewed: kept, with the commit at which its own changes begin; or its branch is at another by now. */
export type KeptReview =
  { readonly kind: 'kept'; readonly base: string } | { readonly kind: 'elsewhere'; readonly tip: string };

/** A task's file and facts, read when the board meets it for the first time. */
export interface LoadedTask {
  readonly file: TaskFile;
  /** The user deleted it; `file` is where it was. */
  readonly isGone: boolean;
  readonly spec: TaskSpec | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly facts: TaskFacts;
  /** For a file in `active/` with an unfinished run: what became of that run. */
  readonly lastRun: LastRun | null;
}

/** The state of a run whose daemon is gone. */
export type LastRun =
  /** No process claimed it, and none can any more. */
  | { readonly kind: 'unclaimed' }
  /** Its agent is alive, and is followed from now on. */
  | { readonly kind: 'alive'; readonly view: RunView; readonly startedAt: number }
  | { readonly kind: 'dead'; readonly exit: RunExit };

/** What came of taking a branch away. */
export type Discarding =
  | { readonly kind: 'discarded' }
  /** Nothing was changed; `hint` is what to type. */
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string };

/** A fault as the board meets it outside. */
export interface OutsideFault {
  /** Null where its message is all that there is to say. */
  readonly kind: OutsideKind | null;
  readonly message: string;
  /** The task's fault, or null where the machine is to blame and a later try may succeed. */
  readonly fault: Fault | null;
  /** The hold that keeps every other task from starting as well. */
  readonly pause?: Hold['reason'];
}
