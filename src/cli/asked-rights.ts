/** Reads the rights that a task's file asks for beyond the settings, for the commands by which the user says yes. */
import { findRunAbove } from '../adapters/machine/processes.ts';
import { readGrant } from '../adapters/files/grants.ts';
import { explainUngrantable, listAsks, type Right } from '../domain/rights.ts';
import type { TaskSpec } from '../domain/task.ts';
import { requireSettings } from './compose-reader.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { recallSandbox } from './last-sandbox.ts';
import type { Place } from './place.ts';
import { redactFor } from './output-redaction.ts';

/** The rights that a task's file asks for. */
export interface Asking {
  readonly asks: readonly Right[];
  /** The rights that its user can't give, and why; null where all can be given. */
  readonly refusal: string | null;
  /** The rights that it asks for, to be shown: without secrets. */
  readonly shown: readonly string[];
}

/** Reads what a task asks for. Throws CliError where the settings are wrong. */
export async function readAsking(place: Place, spec: TaskSpec): Promise<Asking> {
  const settings = await requireSettings(place);
  const asks = listAsks(spec, settings, await recallSandbox(place, settings));
  const parent = spec.parent === undefined ? null : await readGrant(place.layout, spec.parent);
  const redact = redactFor(() => settings);
  const refusal = explainUngrantable(spec, asks, parent);
  return { asks, refusal: refusal === null ? null : redact(refusal), shown: asks.map(redact) };
}

/** Whether an agent, or a command of its run, called this: it may ask for rights, and gives none. */
export function isCalledByAgent(): boolean {
  return process.env['BRANCHBOARD_RUN'] !== undefined || findRunAbove(process.pid) !== null;
}

/** Throws CliError where an agent called this. */
export function refuseAgents(): void {
  if (!isCalledByAgent()) return;
  throw new CliError(
    exitCodes.usage,
    'an agent of this board called this, and only its user decides',
    'Type it in a terminal of your own.',
  );
}
