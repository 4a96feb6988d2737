/** What a run is for. All of them take a slot, and are started, ended and recovered alike; its end is judged by its purpose. */
import { plannerRole, type TaskSpec } from './task.ts';

/**
 * `work` leaves a branch or a report; `plan` leaves subtasks for the user to take in; `judge` leaves a judgement of the
 * work of the task's own agent, in a checkout and a session of its own; `integrate` leaves a commit to start from, where the
 * works that the task builds on are in conflict. Nothing of the task itself was begun by then, so that until it is through, it
 * stands in the place of the task's own agent.
 */
export const runPurposes = ['work', 'plan', 'judge', 'integrate'] as const;
/** One of {@link runPurposes}. */
export type RunPurpose = (typeof runPurposes)[number];

/** The purpose of a run on the task itself, by its file as it is now and by the cause of the run. */
export function purposeOf({ agent }: Pick<TaskSpec, 'agent'>, cause: { readonly kind: string }): RunPurpose {
  if (cause.kind === 'judging') return 'judge';
  return agent === plannerRole ? 'plan' : 'work';
}

/** Whether it is a run of the task's own agent: its session, its workspace and its failures are the task's. */
export function isAuthors({ purpose }: { readonly purpose: RunPurpose }): boolean {
  return purpose !== 'judge';
}
