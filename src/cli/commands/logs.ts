/** `logs`: prints a task's agent's output, readable or as the stream itself. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { exists } from '../../adapters/machine/file-presence.ts';
import { LineSplitter } from '../../adapters/agent/line-splitter.ts';
import type { Redactor } from '../../adapters/redaction/redactor.ts';
import { readTaskFacts, runFiles } from '../../adapters/files/facts.ts';
import { openRegular } from '../../adapters/machine/regular-file.ts';
import { limits } from '../../domain/limits.ts';
import type { TaskId } from '../../domain/task.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { redactFor, redactStreamLine } from '../output-redaction.ts';
import { findTask } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';
import { formatStreamLine } from '../view/stream-text.ts';

interface LogsOptions extends GlobalOptions {
  readonly follow?: boolean;
  readonly raw?: boolean;
  readonly run?: number;
}

const followEveryMs = 200;
const chunkBytes = 64 * 1024;

/** The verb `logs`. */
export const logsCommand: Verb = (command) =>
  command
    .option('-f, --follow', 'go on as it prints more, into the next runs too, until the task leaves active/')
    .option('--raw', 'the stream itself, as JSON lines')
    .option('--run <n>', 'that run; default: the last', parseRunNumber)
    .action(async (text: string, options: LogsOptions) => {
      const place = await findPlace(options);
      const { id } = await findTask(place, text);
      const last = (await readTaskFacts(place.layout, id)).highestRun;
      if (last === 0 && options.follow !== true)
        throw new CliError(exitCodes.usage, `${id} has no run yet`, `Type: branchboard logs ${id} -f`);
      if (options.run !== undefined && options.run > last && options.follow !== true)
        throw new CliError(exitCodes.usage, `${id} has no run ${options.run}`, `Its last one is run ${last}.`);
      const settings = await requireSettings(place);
      const redact = redactFor(() => settings);
      const follower = new LogFollower(place, id, { isRaw: options.raw === true, redact });
      const run = options.run ?? Math.max(1, last);
      if (await follower.isWithoutOutput(run, last))
        throw new CliError(
          exitCodes.usage,
          `there is no output of run ${String(run)} of ${id}`,
          'Its agent never started, or the output was pruned, as the setting `keep` says.',
        );
      await follower.show(run);
      if (options.follow === true) await follower.follow();
    });

function parseRunNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a run number, such as 1');
  return Number(text);
}

/** Prints a task's runs one after the other, as far as they are there. */
class LogFollower {
  readonly #place: Place;
  readonly #id: TaskId;
  readonly #isRaw: boolean;
  readonly #redact: Redactor;
  #run = 1;
  #offset = 0;
  #lines = new LineSplitter(limits.maxStreamLineBytes);

  constructor(place: Place, id: TaskId, how: { readonly isRaw: boolean; readonly redact: Redactor }) {
    this.#place = place;
    this.#id = id;
    this.#isRaw = how.isRaw;
    this.#redact = how.redact;
  }

  /** Whether a run that is over has no output: after pruning the last run's facts stay, and nothing of earlier ones. */
  async isWithoutOutput(run: number, last: number): Promise<boolean> {
    const isKept = await exists(join(this.#folder(run), runFiles.stream));
    return !isKept && (run < last || (await this.#hasEnded(run)));
  }

  async show(run: number): Promise<void> {
    this.#run = run;
    await this.#printNew();
  }

  async follow(): Promise<void> {
    for (;;) {
      const ended = await this.#hasEnded(this.#run);
      await this.#printNew();
      if (ended && (await exists(this.#folder(this.#run + 1)))) {
        this.#run++;
        this.#offset = 0;
        this.#lines = new LineSplitter(limits.maxStreamLineBytes);
        continue;
      }
      if (ended && !(await this.#mayGoOn())) return;
      await delay(followEveryMs);
    }
  }

  async #mayGoOn(): Promise<boolean> {
    const { column } = await findTask(this.#place, this.#id);
    return column === 'active' || column === 'queued';
  }

  #folder(run: number): string {
    return this.#place.layout.run({ task: this.#id, n: run });
  }

  #hasEnded(run: number): Promise<boolean> {
    return exists(join(this.#folder(run), runFiles.record));
  }

  async #printNew(): Promise<void> {
    const file = await openRegular(join(this.#folder(this.#run), runFiles.stream)).catch(() => null);
    if (file === null) return;
    try {
      const chunk = Buffer.alloc(chunkBytes);
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#offset);
        if (bytesRead === 0) return;
        this.#offset += bytesRead;
        for (const line of this.#lines.push(chunk.subarray(0, bytesRead)).lines) this.#printLine(line);
      }
    } finally {
      await file.close();
    }
  }

  #printLine(line: string): void {
    const redacted = redactStreamLine(line, this.#redact);
    if (this.#isRaw) print(redacted);
    else for (const text of formatStreamLine(redacted)) print(text);
  }
}
