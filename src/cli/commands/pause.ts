/** `pause` and `resume`: no new starts, and on again. */
import { rm } from 'node:fs/promises';
import { Command } from 'commander';
import { writeAnew } from '../../adapters/machine/durable.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `pause`. */
export const pauseCommand: Verb = () =>
  new Command('pause')
    .description('start no more tasks; those that run go on')
    .action(async (options: GlobalOptions) => {
      const { layout } = await findPlace(options);
      await writeAnew(layout.paused, '');
      print('Paused: no new starts. branchboard resume goes on.');
    });

/** The verb `resume`. */
export const resumeCommand: Verb = () =>
  new Command('resume')
    .description('start tasks again, also where a limit or a missing login held them')
    .action(async (options: GlobalOptions) => {
      const { layout } = await findPlace(options);
      await Promise.all([rm(layout.paused, { force: true }), rm(layout.hold, { force: true })]);
      print('Resumed.');
    });
