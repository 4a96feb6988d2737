/** `retry`: sends a task that waits for its user back to the queue, perhaps with what is to be different. */
import { findOwnRun } from '../../domain/task-facts.ts';
import { basename } from 'node:path';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { readRegular } from '../../adapters/machine/regular-file.ts';
import { hashOwnText } from '../../daemon/parse-task.ts';
import { askAndPrint } from '../ask-board.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { readWords } from '../read-words.ts';
import { findTask, type FoundTask } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';
import { tellTask } from './answer.ts';

/** The verb `retry`. */
export const retryCommand: Verb = (command) =>
  command
    .argument('[text...]', 'what its agent is to be told; `-` reads standard input')
    .option('-m, --message <text>', 'the same')
    .addHelpText(
      'after',
      '\nExamples:\n  branchboard retry pay\n  branchboard retry pay -m "Mend the test, not the check"',
    )
    .action(async (id: string, words: readonly string[], options: GlobalOptions & { readonly message?: string }) => {
      const said = [...(options.message === undefined ? [] : [options.message]), ...words];
      const place = await findPlace(options);
      const found = await findTask(place, id);
      if (said.length > 0) {
        await tellTask(options, place, found, await readWords(said));
        return;
      }
      const isUnexplained = found.column === 'done' && !(await isEdited(place, found));
      await askAndPrint(options, place, { kind: 'retry', task: found.id });
      if (!isUnexplained) return;
      print(`Its agent is not told what is wrong: only that you ask again. To say it, write it into
.orchestrator/queued/${basename(found.path)} before it starts. Another time: branchboard send-back ${found.id} "what is wrong"`);
    });

/** Whether a task's text is another than its last run was given; false where that is not known. */
async function isEdited({ layout }: Place, { id, path }: FoundTask): Promise<boolean> {
  const { runs } = await readTaskFacts(layout, id);
  const given = findOwnRun({ runs })?.plan.taskHash;
  return given !== undefined && given !== (await hashOwnText(await readRegular(path)));
}
