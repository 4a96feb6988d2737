/**
 * The built-in agent for the demo and for tests: a program of this package that follows a script in the task and calls
 * no model. It is launched, followed and ended like any agent; `scripted-main.ts` lists its verbs.
 */
import type { RunPlan } from '../../../domain/run.ts';
import { builtProgram } from '../../machine/package-files.ts';

const mainPath = builtProgram('adapters/agent/scripted/scripted-main');

/** The arguments for node that run the scripted agent in a plan's session. */
export function scriptedArguments(plan: RunPlan): readonly string[] {
  return [mainPath, plan.session.mode, plan.session.id];
}
