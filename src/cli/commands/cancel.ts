/** `cancel`: puts a task into the archive; an agent that is on it is stopped, and its work is kept. */
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `cancel`. */
export const cancelCommand: Verb = (command) =>
  command.action(async (text: string, options: GlobalOptions) => {
    const place = await findPlace(options);
    await askAndPrint(options, place, { kind: 'cancel', task: (await findTask(place, text)).id });
  });
