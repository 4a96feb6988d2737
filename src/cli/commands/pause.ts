/** `pause` and `resume`: no new starts, and on again. */
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import type { Verb } from '../verb.ts';

/** The verb `pause`. */
export const pauseCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    await askAndPrint(options, await findPlace(options), { kind: 'pause' });
  });

/** The verb `resume`. */
export const resumeCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    await askAndPrint(options, await findPlace(options), { kind: 'resume' });
  });
