/** `logs`: prints a task's agent's output, readable or as the stream itself. */
import { InvalidArgumentError } from 'commander';
import type { RunId } from '../../domain/run.ts';
import { findRunning, isUnanswered } from '../ask-running.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { redactFor, redactStreamLine } from '../output-redaction.ts';
import { chooseRun, hasBegun, hasEnded, readRun } from '../run-log.ts';
import { findTask } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';
import { formatStreamLine } from '../view/stream-text.ts';

interface LogsOptions extends GlobalOptions {
  readonly follow?: boolean;
  readonly raw?: boolean;
  readonly run?: number;
}

/** The verb `logs`. */
export const logsCommand: Verb = (command) =>
  command
    .option('-f, --follow', 'go on as it prints more, into the next runs too, until the task leaves active/')
    .option('--raw', 'the stream itself, as JSON lines')
    .option('--run <n>', 'that run; default: the last', parseRunNumber)
    .action(async (text: string, options: LogsOptions) => {
      const place = await findPlace(options);
      const { id } = await findTask(place, text);
      const follows = options.follow === true;
      const first = await chooseRun(place.layout, id, { run: options.run ?? null, follows });
      if (!first.ok) throw new CliError(exitCodes.usage, first.failure.said, first.failure.hint);
      const settings = await requireSettings(place);
      const redact = redactFor(() => settings);
      for (let n = first.value; ; n++) {
        const run = { task: id, n };
        for await (const line of listLines(place, run, follows)) {
          const redacted = redactStreamLine(line, redact);
          if (options.raw === true) print(redacted);
          else for (const shown of formatStreamLine(redacted)) print(shown);
        }
        if (!follows || !(await hasBegun(place.layout, run))) return;
      }
    });

function parseRunNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a run number, such as 1');
  return Number(text);
}

/** A run's lines, of the board that runs; and of the folder, from where a board that is gone or frozen left off. */
async function* listLines(place: Place, run: RunId, follows: boolean): AsyncGenerator<string> {
  const board = await findRunning(place);
  let taken = 0;
  try {
    for await (const line of board?.log(run.task, run.n, follows) ?? []) {
      taken += 1;
      yield line;
    }
    if (board !== null && (!follows || (await hasEnded(place.layout, run)))) return;
  } catch (error) {
    if (!(await isUnanswered(error))) throw error;
  }
  for await (const lines of readRun(place.layout, run, { follows, skip: taken })) yield* lines;
}
