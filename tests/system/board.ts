/**
 * A board in a scratch repository, driven through the built command line, with real git and the built-in scripted agent.
 * Nothing of the surroundings is inherited: home and git settings are the board's own. Everything is ended by its
 * process id and removed afterwards.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';

import type { BoardData, TaskData } from '../../src/views/board-data.ts';
import type { HistoryEntry } from '../../src/domain/history.ts';
import type { RunPlan, RunRecord } from '../../src/domain/run.ts';
import { cliMain } from '../board-template.ts';
import { boardTestTimeoutMs, waitUntil, withPatience } from '../patience.ts';

export { boardTestTimeoutMs, cliMain, waitUntil, withPatience };

/** What a board is made with. */
export interface Setup {
  /** Added to the `config.yaml` that `init` wrote; the agent is the scripted one, without a sandbox, unless this says otherwise. */
  readonly config?: string;
  /** Files of the repository's first commit, by path, beside `README.md`. */
  readonly files?: Readonly<Record<string, string>>;
  /** The repository's folder below the scratch folder. */
  readonly folder?: string;
  /** False: git is told nobody's name. */
  readonly identity?: boolean;
  /** False: no board is made. */
  readonly init?: boolean;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it printed so far, on both streams. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Closes the reading ends of what it prints. */
  stopReading(): void;
}

/** A scratch repository, with a board unless its setup says otherwise. */
export class ScratchBoard {
  /** The folder that holds all. */
  readonly root: string;
  readonly home: string;
  /** Where commands are run; the repository, unless a test goes elsewhere. */
  repo: string;
  readonly #children = new Set<ChildProcess>();
  readonly #printed: string[] = [];

  constructor(root: string, folder: string) {
    this.root = root;
    this.home = join(root, 'home');
    this.repo = join(root, folder);
  }

  /** All that the board's commands printed, for a test that failed. */
  get printed(): string {
    return this.#printed.join('');
  }

  get environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.home,
      XDG_RUNTIME_DIR: this.root,
      GIT_CONFIG_NOSYSTEM: '1',
      LANG: 'C.UTF-8',
    };
  }

  /** A path in `.orchestrator/`. */
  path(...parts: readonly string[]): string {
    return join(this.repo, '.orchestrator', ...parts);
  }

  /** A path in the folder of all worktrees. */
  worktree(...parts: readonly string[]): string {
    return join(`${this.repo}.worktrees`, ...parts);
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }

  write(name: string, text: string | Uint8Array): void {
    writeFileSync(this.path(name), text);
  }

  get dashboard(): string {
    return this.read('DASHBOARD.md');
  }

  /** Runs a command to its end. */
  async cli(...args: readonly string[]): Promise<Ended> {
    return withPatience(this.launch(args).ended, `branchboard ${args.join(' ')}`);
  }

  /** Runs a command that must end well; gives what it printed. */
  async succeed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(...args);
    if (code !== 0) throw new Error(`branchboard ${args.join(' ')} ended with ${String(code)}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Runs a command that gives data. */
  async json<Data>(...args: readonly string[]): Promise<Data> {
    return JSON.parse(await this.succeed(...args, '--json')) as Data;
  }

  /** Starts a command. */
  launch(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
  ): Running {
    return this.#spawn(process.execPath, [cliMain, ...args], options);
  }

  /**
   * Starts a command under a terminal of 100 by 30; `shell` gets its words and says how it is run, and `input` is what
   * the user types, before the terminal is at its end.
   */
  launchInTerminal(args: readonly string[], shell = (words: string): string => `exec ${words}`, input = ''): Running {
    const words = [process.execPath, cliMain, ...args].map((word) => `'${word}'`).join(' ');
    return this.#spawn('script', ['-qec', `stty cols 100 rows 30; ${shell(words)}`, '/dev/null'], {
      env: { TERM: 'xterm-256color' },
      input,
    });
  }

  /** Starts the board, in a process without a supervisor, and waits until it is up. */
  async start(...args: readonly string[]): Promise<Running> {
    const running = this.launch(['board', ...args]);
    await waitUntil('the board is up', () => running.output().includes('board started'));
    return running;
  }

  /** Starts the board as users do, below its supervisor, and waits until it is up. */
  async startSupervised(): Promise<Running> {
    const running = this.launch(['start']);
    await waitUntil('the board is up', () => running.output().includes('board started') && this.data.daemon.running);
    return running;
  }

  /** Asks a board to stop, and waits for its end. */
  async stop(running: Running): Promise<Ended> {
    running.signal('SIGTERM');
    return withPatience(running.ended, 'the end of the board');
  }

  /** Runs the board, in a process without a supervisor, until nothing can go on without the user; gives the exit code. */
  async runUntilIdle(): Promise<number | null> {
    return (await this.cli('board', '--until-idle')).code;
  }

  /** Moves whole files into the inbox, as most programs do. */
  drop(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const made = join(this.root, `made-${name}`);
      writeFileSync(made, text);
      renameSync(made, this.path('inbox', name));
    }
  }

  /** Moves a task's file by hand. */
  move(id: string, from: string, to: string): void {
    renameSync(this.path(from, `${id}.md`), this.path(to, `${id}.md`));
  }

  git(...args: readonly string[]): string {
    // Looking at the user's index must not rewrite it.
    const env = { ...this.environment, GIT_OPTIONAL_LOCKS: '0' };
    return execFileSync('git', args, { cwd: this.repo, env, encoding: 'utf8', stdio: 'pipe' }).trimEnd();
  }

  /** Ids of the tasks in a column. */
  column(name: string): readonly string[] {
    return readdirSync(this.path(name))
      .filter((file) => file.endsWith('.md') && !file.startsWith('.'))
      .map((file) => file.slice(0, -'.md'.length))
      .sort();
  }

  has(column: string, id: string): boolean {
    return existsSync(this.path(column, `${id}.md`));
  }

  /** Waits until a task's file is in a column. */
  async arrive(column: string, ...ids: readonly string[]): Promise<void> {
    await waitUntil(`${ids.join(', ')} in ${column}/`, () => ids.every((id) => this.has(column, id)));
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

  history(): readonly HistoryEntry[] {
    if (!existsSync(this.path('history.jsonl'))) return [];
    // The last line may still be being written.
    const lines = this.read('history.jsonl').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as HistoryEntry);
  }

  /** The lines of the history that are of one kind. */
  happened<Type extends HistoryEntry['type']>(type: Type): readonly Extract<HistoryEntry, { readonly type: Type }>[] {
    return this.history().filter(
      (entry): entry is Extract<HistoryEntry, { readonly type: Type }> => entry.type === type,
    );
  }

  /** How many runs a task has had. */
  countRuns(id: string): number {
    if (!existsSync(this.path('runs', id))) return 0;
    return readdirSync(this.path('runs', id)).filter((name) => /^\d+$/.test(name)).length;
  }

  plan(id: string, n: number): RunPlan {
    return JSON.parse(this.read('runs', id, String(n), 'plan.json')) as RunPlan;
  }

  record(id: string, n: number): RunRecord {
    return JSON.parse(this.read('runs', id, String(n), 'exit.json')) as RunRecord;
  }

  prompt(id: string, n: number): string {
    return this.read('runs', id, String(n), 'prompt.md');
  }

  /** A path that an agent's `wait-for` can wait for. */
  gate(name: string): string {
    return join(this.root, `gate-${name}`);
  }

  open(name: string): void {
    writeFileSync(this.gate(name), '');
  }

  /** The agent's own process, as its run claims it. Its hooks come and go beside it. */
  agentOf(id: string, n = 1): number {
    return Number(this.read('runs', id, String(n), 'claim').split('\n')[0]);
  }

  /** Living processes that were started, however indirectly, by an agent or a command of this board. */
  findAgentProcesses(): readonly number[] {
    return this.findProcesses().filter((pid) => /(?:^|\0)BRANCHBOARD_RUN=/.test(readEnvironment(String(pid))));
  }

  /** The same, and the board's own git commands. */
  findProcesses(): readonly number[] {
    if (process.platform !== 'linux') return [];
    const tag = `BRANCHBOARD_BOARD=${this.path()}\0`;
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => isAlive(Number(pid)) && readEnvironment(pid).includes(tag))
      .map(Number);
  }

  /** Kills the agents of this board and all that they started, until nothing of them lives. */
  async killAgents(): Promise<void> {
    await waitUntil('no agent lives', () => {
      const found = this.findProcesses();
      for (const pid of found) kill(pid);
      return found.length === 0;
    });
  }

  /** Ends all that is left, by pid, and removes everything. */
  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    const owner = existsSync(this.path('queue.json')) ? this.data.daemon.pid : null;
    if (owner !== null && readEnvironment(String(owner)).includes(`HOME=${this.home}\0`)) kill(owner);
    await this.killAgents();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  #spawn(
    program: string,
    args: readonly string[],
    options: { readonly input?: string; readonly env?: Readonly<Record<string, string>>; readonly cwd?: string },
  ): Running {
    const child = spawn(program, args, {
      cwd: options.cwd ?? this.repo,
      env: { ...this.environment, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid === undefined) throw new Error(`${program} did not start`);
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    this.#children.add(child);
    this.#printed.push(`$ ${args.slice(1).join(' ')}\n`);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        this.#printed.push(text);
      });
    }
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        this.#children.delete(child);
        this.#printed.push(`exit code ${String(code)}\n`);
        resolve({ code, ...texts });
      });
    });
    return {
      pid,
      ended,
      output: () => texts.stdout + texts.stderr,
      signal: (signal) => void child.kill(signal),
      stopReading: () => {
        child.stdout.destroy();
        child.stderr.destroy();
      },
    };
  }
}

/** Makes a repository with a board, hands it over, and removes all of it; a failure shows what the board printed. */
export async function withBoard(setup: Setup, use: (board: ScratchBoard) => Promise<void>): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-system-')));
  const board = new ScratchBoard(root, setup.folder ?? 'repo');
  try {
    await fillRepository(board, setup);
    await use(board);
  } catch (error) {
    if (error instanceof Error) error.message += `\n\nWhat the board printed:\n${board.printed.slice(-6_000)}`;
    throw error;
  } finally {
    await board.remove();
  }
}

async function fillRepository(board: ScratchBoard, setup: Setup): Promise<void> {
  const { files = {}, config, identity = true, init = true } = setup;
  mkdirSync(board.home);
  const copiesBoard = init && Object.keys(files).length === 0 && identity;
  cpSync(join(inject('templates'), copiesBoard ? 'board' : 'repository'), board.repo, { recursive: true });
  if (Object.keys(files).length > 0) {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(board.repo, path)), { recursive: true });
      writeFileSync(join(board.repo, path), text);
    }
    board.git('add', '--all');
    board.git('commit', '--quiet', '--amend', '--message=first');
  }
  if (!identity) board.git('config', '--remove-section', 'user');
  if (copiesBoard) configure(board, config);
  else if (init) await initBoard(board, config);
}

/** Makes the board with the scripted agent, and the settings that a test adds. */
export async function initBoard(board: ScratchBoard, config?: string): Promise<void> {
  await board.succeed('init');
  configure(board, config);
}

/** Each start that tries the sandbox takes half a second of processor time, so that only tests of the sandbox have one. */
function configure(board: ScratchBoard, config = ''): void {
  const agent = /^agent:/m.test(config) ? '' : 'agent: { kind: scripted }\n';
  const sandbox = /^sandbox:/m.test(config) ? '' : 'sandbox: off\n';
  board.write('config.yaml', `${board.read('config.yaml')}\n${agent}${sandbox}${config}\n`);
}

/** A task's file: frontmatter, a heading, and a script for the agent. */
export function writeTask(
  title: string,
  script: readonly string[],
  fields: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries(fields).map(([key, value]) => `${key}: ${value}`);
  const head = lines.length === 0 ? [] : ['---', ...lines, '---'];
  return [...head, `# ${title}`, '', 'Do it.', '', '```agent-script', ...script, '```', ''].join('\n');
}

/** A script that adds one file and commits it. */
export function addFile(name: string): readonly string[] {
  return [`write ${name} ${name}`, `commit Add ${name}`, `summary Added ${name}.`];
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .startsWith('Z');
  } catch {
    return false;
  }
}

function readEnvironment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
