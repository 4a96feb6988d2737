/** `cancel`: puts a task into the archive; an agent that is on it is stopped, and its work is kept. */
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask, moveTaskFile } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `cancel`. */
export const cancelCommand: Verb = (command) =>
  command.action(async (text: string, options: GlobalOptions) => {
    const place = await findPlace(options);
    const task = await findTask(place, text);
    if (task.column === 'archive') throw new CliError(exitCodes.usage, `${task.id} is in archive/ already`);
    if (task.column === 'done') {
      throw new CliError(
        exitCodes.usage,
        `${task.id} is done; there is nothing to cancel`,
        `To put it away: mv ${task.path} ${place.layout.column('archive')}/`,
      );
    }
    await moveTaskFile(place, task, 'archive');
    print(`${task.id}: ${task.column}/ → archive/`);
  });
