/** `answer`: tells an agent at work what it asks, and queues a task that ended with its question again with the answer. */
import { askAndPrint } from '../ask-board.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { readWords } from '../read-words.ts';
import { findTask, type FoundTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `answer`. */
export const answerCommand: Verb = (command) =>
  command
    .argument('<text...>', 'what you say to it; `-` reads standard input')
    .addHelpText(
      'after',
      '\nExamples:\n  branchboard answer pay "Use Stripe, in test mode"\n  branchboard answer pay - < answer.md',
    )
    .action(async (id: string, words: readonly string[], options: GlobalOptions) => {
      const place = await findPlace(options);
      const found = await findTask(place, id);
      const text = await readWords(words);
      if (found.column === 'active')
        await askAndPrint(options, place, { kind: 'answer', task: found.id, question: null, text });
      else await tellTask(options, place, found, text);
    });

/** Queues a task again with these words; one that is done is sent back. Throws CliError where there are none. */
export async function tellTask(
  options: GlobalOptions,
  place: Place,
  { id: task, column }: FoundTask,
  text: string,
): Promise<void> {
  if (text.trim() === '') {
    throw new CliError(exitCodes.usage, 'there is nothing to tell', `Type: branchboard answer ${task} "your words"`);
  }
  if (column === 'done') await (await import('./send-back.ts')).sendBack(options, task, text);
  else await askAndPrint(options, place, { kind: 'tell', task, text });
}
