/** One task with its runs as data: what `show --json` prints, and what the control channel gives. `docs/board-data.md` describes it. */
import type { Offer } from '../core/commands/offers.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { Review } from '../domain/review.ts';
import type { Column } from '../domain/task.ts';
import type { RunFacts } from '../domain/task-facts.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { BoardData, TaskData } from './board-data.ts';

/** A task as data, without secrets. */
export interface TaskDescription {
  readonly version: 2;
  readonly id: string;
  readonly column: Column;
  /** The absolute path of its file. */
  readonly file: string;
  /** As the board lists it; null where it lists it no more. */
  readonly task: TaskData | null;
  readonly verdict: Verdict | null;
  readonly review: Review | null;
  readonly runs: readonly RunFacts[];
  readonly commands: readonly Offer[];
  /** About its file. */
  readonly warnings: readonly Diagnostic[];
  /** Its facts that can't be understood and count as missing, such as `2/exit.json`. */
  readonly damaged: readonly string[];
  /** Whether a board runs, and why that one starts nothing; a task in the queue waits for it. */
  readonly daemon: BoardData['daemon'];
  readonly paused: BoardData['paused'];
  /** Lines of its file that hold invisible characters, which are written out here. */
  readonly hiddenLines: readonly { readonly number: number; readonly text: string }[];
}
