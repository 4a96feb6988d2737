/**
 * The built-in agent for the demo and for tests: a program of this package that follows a script in the task and calls
 * no model. It is launched, followed and ended like any agent; `scripted-main.ts` lists its verbs.
 */
import { fileURLToPath } from 'node:url';
import type { RunPlan } from '../../../domain/run.ts';

/** Where the built program lies: beside this module once that is built. */
export const scriptedMainPath: string = fileURLToPath(new URL('./scripted-main.js', import.meta.url));

/** The arguments for node that run the scripted agent in a plan's session. */
export function scriptedArguments(plan: RunPlan, mainPath: string): readonly string[] {
  return [mainPath, plan.session.mode, plan.session.id];
}
