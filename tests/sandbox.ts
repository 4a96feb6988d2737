/** Whether this machine can confine commands: tests that need it say aloud that they did not run where it can't. */
import { test } from 'vitest';
import { trySandbox } from '../src/adapters/sandbox/sandbox-probe.ts';

/** What this machine has. */
export const sandboxHere = await trySandbox('auto', process.env['PATH'] ?? '');

if (sandboxHere.kind === 'missing') {
  console.warn(`Tests of the sandbox did not run: ${sandboxHere.why}. ${sandboxHere.hint}`);
}

/** A test that needs a sandbox. */
export const confinedTest = test.runIf(sandboxHere.kind === 'on');
