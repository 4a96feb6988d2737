/** `pause` and `resume`: no new starts, and on again. */
import { rm } from 'node:fs/promises';
import { writeAnew } from '../../adapters/machine/durable.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `pause`. */
export const pauseCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    const { layout } = await findPlace(options);
    await writeAnew(layout.paused, '');
    print('Paused: no new starts. branchboard resume goes on.');
  });

/** The verb `resume`. */
export const resumeCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    const { layout } = await findPlace(options);
    await Promise.all([rm(layout.paused, { force: true }), rm(layout.hold, { force: true })]);
    print('Resumed.');
  });
