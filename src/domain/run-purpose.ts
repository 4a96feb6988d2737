/** What a run is for. All of them take a slot, and are started, ended and recovered alike; its end is judged by its purpose. */
import { plannerRole, type TaskSpec } from './task.ts';

/** `work` leaves a branch or a report; `plan` leaves subtasks for the user to take in. */
export type RunPurpose = 'work' | 'plan';

/** The purpose of a run of a task as its file says now. */
export function purposeOf({ agent }: Pick<TaskSpec, 'agent'>): RunPurpose {
  return agent === plannerRole ? 'plan' : 'work';
}
