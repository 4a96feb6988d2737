/**
 * Asks the Claude Code that a run starts which options it has, by its own help: an option that it doesn't know would
 * end the run. Each program is asked once, and again when its file has changed.
 */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../../ports.ts';
import { killGroup } from '../../machine/processes.ts';

/** An answer takes a third of a second; one that takes longer than this many milliseconds is given up. */
const answerMs = 5_000;
/** A help text is some twenty thousand characters long. */
const maxAnswerChars = 1_000_000;

/** The abilities found in a program's help. One that could not be found out counts as missing. */
export interface Abilities {
  /**
   * It has `--permission-prompts none`: tools that would ask somebody are denied, and the agent knows that nobody is
   * there.
   */
  readonly permissionPrompts: boolean;
  /** The levels of `--effort` that it names, the lowest first. */
  readonly efforts: readonly string[];
}

/** A program of which nothing is known. */
export const noAbilities: Abilities = { permissionPrompts: false, efforts: [] };

/** Dependencies of the question, so that tests can shorten its time. */
export interface AbilityRequest {
  /** An absolute path. */
  readonly program: string;
  /** Arguments before the program's own options, such as the package that `npx` is to run. */
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Asks programs and remembers their answers. */
export class AbilityReader {
  readonly #clock: Clock;
  readonly #answers = new Map<string, Promise<Abilities | null>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A program's abilities. Never rejects; a program that gave no answer is asked again the next time. */
  async read(request: AbilityRequest): Promise<Abilities> {
    if (!namesClaude(request)) return noAbilities;
    const key = identify(request);
    const answer = this.#answers.get(key) ?? this.#ask(request);
    this.#answers.set(key, answer);
    const abilities = await answer;
    if (abilities === null) this.#answers.delete(key);
    return abilities ?? noAbilities;
  }

  async #ask(request: AbilityRequest): Promise<Abilities | null> {
    const help = await readHelp(request, this.#clock).catch(() => null);
    if (help === null) return null;
    return { permissionPrompts: /^\s*--permission-prompts\s/m.test(help), efforts: findEfforts(help) };
  }
}

/** The words in the brackets behind the option, which may be broken over lines. */
function findEfforts(help: string): readonly string[] {
  const [, listed = ''] = /^\s*--effort <level>[^(]*\(([a-z,\s]+)\)/m.exec(help) ?? [];
  return listed.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}

/** Any other program might take the question for the start of its work. */
function namesClaude({ program, args }: AbilityRequest): boolean {
  return [program, ...args].some((word) => path.basename(word).startsWith('claude'));
}

function identify({ program, args }: AbilityRequest): string {
  const file = statSync(program, { throwIfNoEntry: false });
  return JSON.stringify([program, file?.mtimeMs, file?.size, ...args]);
}

/**
 * The output of `--help`, or null where the program fails, says too much or takes too long. Rejects where nothing can
 * be started.
 */
function readHelp({ program, args, cwd, env }: AbilityRequest, clock: Clock): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args, '--help'], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    const finish = (answer: string | null): void => {
      forgetTimer();
      if (answer === null && child.pid !== undefined) killGroup(child.pid);
      child.stdout.destroy();
      resolve(answer);
    };
    const forgetTimer = clock.setTimer(answerMs, () => finish(null));
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > maxAnswerChars) finish(null);
    });
    child.once('error', () => finish(null));
    child.once('close', (code) => finish(code === 0 ? text : null));
  });
}
