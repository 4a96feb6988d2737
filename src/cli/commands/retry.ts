/** `retry`: sends a task that waits for its user back to the queue. */
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `retry`. */
export const retryCommand: Verb = (command) =>
  command.action(async (text: string, options: GlobalOptions) => {
    const place = await findPlace(options);
    await askAndPrint(options, place, { kind: 'retry', task: (await findTask(place, text)).id });
  });
