/**
 * A board in a scratch repository, driven through the built command line, with the real `claude` talking to a scripted
 * Messages API. Nothing of the surroundings is inherited: home, login and git settings are the board's own.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { inject } from 'vitest';

import type { BoardData, TaskData } from '../../src/views/board-data.ts';
import type { RunPlan, RunRecord } from '../../src/domain/run.ts';
import { cliMain } from '../board-template.ts';
import { claudeEnv, claudeVersions, startMessagesApi } from './messages-api.ts';
import type { ApiRequest, ClaudeVersion, MessagesApi, Reply } from './messages-api.ts';
import { withPatience } from '../patience.ts';

/** What a board is made with. */
export interface Setup {
  readonly script: (request: ApiRequest) => Reply | Promise<Reply>;
  /** Added to the `config.yaml` that `init` wrote. */
  readonly config?: string;
  /** Files of the repository's first commit, by path, beside `README.md`. */
  readonly files?: Readonly<Record<string, string>>;
  /** False leaves the login to `agent.env`. */
  readonly login?: boolean;
  /** Which `claude` is on the PATH; the newest unless this says otherwise. */
  readonly version?: ClaudeVersion;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  /** What it printed, on both streams. */
  readonly output: string;
}

/** A command that runs. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it printed so far. */
  output(): string;
  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
}

/** One that reads what is typed; null is the end of it. */
export interface Typed extends Running {
  type(text: string | null): void;
}

/** A scratch repository with a board. */
export class ClaudeBoard {
  readonly repo: string;
  readonly home: string;
  /** The user's `TMPDIR`. */
  readonly temp: string;
  readonly api: MessagesApi;
  readonly #root: string;
  readonly #login: boolean;
  readonly #children = new Set<ChildProcess>();
  readonly #printed: string[] = [];

  constructor(root: string, api: MessagesApi, login: boolean) {
    this.#root = root;
    this.#login = login;
    this.api = api;
    this.repo = join(root, 'repo');
    this.home = join(root, 'home');
    this.temp = join(root, 'tmp');
  }

  /** All that the board's commands printed, for a test that failed. */
  get printed(): string {
    return this.#printed.join('');
  }

  /** A path in `.orchestrator/`. */
  path(...parts: readonly string[]): string {
    return join(this.repo, '.orchestrator', ...parts);
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }

  get dashboard(): string {
    return this.read('DASHBOARD.md');
  }

  /** Runs a command to its end. */
  async cli(...args: readonly string[]): Promise<Ended> {
    return withPatience(this.launch(...args).ended, `branchboard ${args.join(' ')}`);
  }

  /** Starts a command. */
  launch(...args: readonly string[]): Running {
    const running = this.#spawn(process.execPath, [cliMain, ...args], args);
    running.type(null);
    return running;
  }

  /** Starts a command under a terminal. */
  launchInTerminal(...args: readonly string[]): Typed {
    const words = [process.execPath, cliMain, ...args].map((word) => `'${word}'`).join(' ');
    return this.#spawn('script', ['-qec', `stty cols 120 rows 40; exec ${words}`, '/dev/null'], args);
  }

  #spawn(program: string, words: readonly string[], args: readonly string[]): Typed {
    const child = spawn(program, words, {
      cwd: this.repo,
      env: { ...this.#environment(), TERM: 'xterm-256color' },
      stdio: 'pipe',
    });
    const { pid } = child;
    if (pid === undefined) throw new Error('the command did not start');
    this.#children.add(child);
    this.#printed.push(`$ branchboard ${args.join(' ')}\n`);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        this.#printed.push(text);
      });
    }
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        this.#children.delete(child);
        this.#printed.push(`exit code ${String(code)}\n`);
        resolve({ code, output });
      });
    });
    const type = (text: string | null): void => {
      if (text === null) child.stdin.end();
      else child.stdin.write(text);
    };
    return { pid, ended, output: () => output, signal: (signal) => void child.kill(signal), type };
  }

  /** Drops task files into the inbox, as a user would with any other program. */
  drop(tasks: Readonly<Record<string, string>>): void {
    for (const [id, text] of Object.entries(tasks)) {
      const file = join(this.#root, `${id}.md`);
      writeFileSync(file, text);
      renameSync(file, this.path('inbox', `${id}.md`));
    }
  }

  /** Puts task files beside the repository and adds them by command. */
  async add(tasks: Readonly<Record<string, string>>): Promise<void> {
    const files = Object.entries(tasks).map(([id, text]) => {
      const file = join(this.#root, `${id}.md`);
      writeFileSync(file, text);
      return file;
    });
    const { code, output } = await this.cli('add', ...files);
    if (code !== 0) throw new Error(`add failed: ${output}`);
  }

  /** Runs the board, in a process without a supervisor, until nothing can go on without the user. */
  runUntilIdle(): Promise<Ended> {
    return this.cli('board', '--until-idle');
  }

  git(...args: readonly string[]): string {
    // Looking at the user's index must not rewrite it.
    const env = { ...this.#environment(), GIT_OPTIONAL_LOCKS: '0' };
    return execFileSync('git', args, { cwd: this.repo, env, encoding: 'utf8' }).trimEnd();
  }

  /** Ids of the tasks in a column. */
  column(name: string): readonly string[] {
    return readdirSync(this.path(name))
      .map((file) => file.replace(/\.md$/, ''))
      .sort();
  }

  /** `queue.json`. */
  get data(): BoardData {
    return JSON.parse(this.read('queue.json')) as BoardData;
  }

  task(id: string): TaskData {
    const found = this.data.tasks.find((task) => task.id === id);
    if (found === undefined) throw new Error(`queue.json holds no ${id}`);
    return found;
  }

  /** How many runs a task has had. */
  countRuns(id: string): number {
    const folder = this.path('runs', id);
    return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)).length : 0;
  }

  plan(id: string, n: number): RunPlan {
    return JSON.parse(this.read('runs', id, String(n), 'plan.json')) as RunPlan;
  }

  record(id: string, n: number): RunRecord {
    return JSON.parse(this.read('runs', id, String(n), 'exit.json')) as RunRecord;
  }

  /** The lines of a run's stream. */
  stream(id: string, n: number): readonly Readonly<Record<string, unknown>>[] {
    return this.read('runs', id, String(n), 'stream.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Living processes that were started, however indirectly, by an agent of this board; seen on Linux only. */
  findAgentProcesses(): readonly number[] {
    if (process.platform !== 'linux') return [];
    const tag = `BRANCHBOARD_BOARD=${this.path()}\0`;
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
          return !state.startsWith('Z') && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(tag);
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  /** Ends all that is left, by pid, and removes the folder. */
  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const pid of this.findAgentProcesses()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await this.api.close();
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }

  #environment(): Record<string, string> {
    const { PATH, ...rest } = claudeEnv(this.api.url, this.home);
    const inherited = Object.entries(rest).filter(
      ([name]) => !name.startsWith('GIT_') && (this.#login || name !== 'ANTHROPIC_API_KEY'),
    );
    return {
      ...Object.fromEntries(inherited),
      // `claude` is found on the PATH, as a user's own is.
      PATH: [join(this.#root, 'bin'), PATH].join(delimiter),
      GIT_CONFIG_NOSYSTEM: '1',
      TMPDIR: this.temp,
    };
  }
}

/** Makes a repository with a board, hands it over, and removes all of it; a failure shows what the board printed. */
export async function withBoard(setup: Setup, use: (board: ClaudeBoard) => Promise<void>): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-claude-')));
  const board = new ClaudeBoard(root, await startMessagesApi(setup.script), setup.login ?? true);
  try {
    await fillRepository(board, root, setup);
    await use(board);
  } catch (error) {
    if (error instanceof Error) error.message += `\n\nWhat the board printed:\n${board.printed}`;
    throw error;
  } finally {
    await board.remove();
  }
}

async function fillRepository(board: ClaudeBoard, root: string, setup: Setup): Promise<void> {
  const { files = {}, config, version = 'newest' } = setup;
  for (const folder of [board.home, board.temp, join(root, 'bin')]) mkdirSync(folder);
  cpSync(join(inject('templates'), 'board'), board.repo, { recursive: true });
  symlinkSync(claudeVersions[version], join(root, 'bin', 'claude'));
  if (Object.keys(files).length > 0) await commitFiles(board, files);
  if (config !== undefined) appendFileSync(board.path('config.yaml'), `\n${config}\n`);
}

async function commitFiles(board: ClaudeBoard, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(board.repo, path)), { recursive: true });
    await writeFile(join(board.repo, path), text);
    board.git('add', '--', path);
  }
  board.git('commit', '--quiet', '--message=first');
}

/** The permission bits of a file, such as `600`. */
export function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
