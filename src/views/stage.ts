/** What the board is at with a task that is active, as data and in words. */
import type { Task } from '../domain/board.ts';
import { unreachable } from '../domain/result.ts';
import type { RunPurpose } from '../domain/run-purpose.ts';

/** See the file's head. */
export type Stage = 'starting' | 'running' | 'integrating' | 'reviewing' | 'stopping' | 'verifying' | 'finishing';

/** The words for each stage. */
export const stageWords: Readonly<Record<Stage, string>> = {
  starting: 'starting',
  running: 'running',
  integrating: 'an agent is resolving a conflict of what it builds on',
  reviewing: 'being reviewed by an agent',
  stopping: 'being stopped',
  verifying: 'being verified',
  finishing: 'finishing',
};

const byPurpose: Readonly<Record<RunPurpose, Stage>> = {
  work: 'running',
  plan: 'running',
  judge: 'reviewing',
  integrate: 'integrating',
};

/** The stage of a task; null where it is not active. */
export function stageOf(task: Task): Stage | null {
  if (task.state === 'settling') return 'finishing';
  if (task.state !== 'active') return null;
  const { phase } = task;
  switch (phase.name) {
    case 'planning':
    case 'preparing':
      return 'starting';
    case 'running':
      if (phase.stopping !== null) return 'stopping';
      return byPurpose[phase.plan.purpose];
    case 'inspecting':
      return 'verifying';
    default:
      return unreachable(phase);
  }
}
