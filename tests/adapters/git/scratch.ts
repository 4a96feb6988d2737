/** Scratch repositories for the tests of git's adapter: real git, a home of their own, and an identity only if asked for. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createWorktrees, type GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { openRepository, type Repository } from '../../../src/adapters/git/repository.ts';
import type { Handoff } from '../../../src/domain/effect.ts';
import type { RunPlan, Workspace } from '../../../src/domain/run.ts';
import { defaultSettings, type Settings } from '../../../src/domain/settings.ts';
import { parseTaskId, type TaskId } from '../../../src/domain/task.ts';
import type { FinishedWork } from '../../../src/domain/verdict.ts';
import type { CommandRunner } from '../../../src/ports.ts';

/** A scratch folder with a repository in it. */
export class Scratch {
  /** The folder that holds all, removed by {@link remove}. */
  readonly root: string;
  /** The user's checkout. */
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  settings: Settings = defaultSettings;
  readonly notices: string[] = [];
  readonly commands: string[][] = [];
  /** What the runner of setup commands answers. */
  setupOk = true;

  constructor(options: { readonly name?: string; readonly identity?: boolean } = {}) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-git-')));
    this.dir = join(this.root, options.name ?? 'repo');
    this.env = { PATH: process.env['PATH'], HOME: join(this.root, 'home') };
    mkdirSync(join(this.root, 'home'));
    mkdirSync(this.dir);
    if (options.identity !== false) {
      writeFileSync(join(this.root, 'home', '.gitconfig'), '[user]\n\tname = Ada\n\temail = ada@example.com\n');
    }
    this.git('init', '--quiet', '--initial-branch=main');
  }

  /** A path in the folder of all worktrees. */
  worktree(...parts: readonly string[]): string {
    return join(`${this.dir}.worktrees`, ...parts);
  }

  /** Runs git in the user's checkout, as the user. */
  git(...args: string[]): string {
    return this.gitIn(this.dir, ...args);
  }

  /** Runs git in a folder. */
  gitIn(cwd: string, ...args: string[]): string {
    return execFileSync('git', args, { cwd, env: this.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Writes files below a folder. */
  write(files: Readonly<Record<string, string>>, dir = this.dir): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
  }

  /** Writes files, commits all and returns the commit. */
  commit(files: Readonly<Record<string, string>>, dir = this.dir): string {
    this.write(files, dir);
    this.gitIn(dir, 'add', '-A');
    this.gitIn(dir, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'work');
    return this.gitIn(dir, 'rev-parse', 'HEAD').trim();
  }

  /** Makes a branch with one commit of these files on top of `from`, leaving the checkout as it was. */
  branch(name: string, files: Readonly<Record<string, string>>, from = 'main'): string {
    const dir = join(this.root, `make-${name.replaceAll('/', '-')}`);
    this.git('worktree', 'add', '--quiet', '-b', name, dir, from);
    const commit = this.commit(files, dir);
    this.git('worktree', 'remove', dir);
    return commit;
  }

  async open(dir = this.dir): Promise<Repository> {
    const opened = await openRepository(dir, { env: this.env });
    if (!opened.ok) throw new Error(opened.failure.message);
    return opened.value;
  }

  async worktrees(
    options: { readonly dir?: string; readonly runCommand?: CommandRunner; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<GitWorktrees> {
    const repository = await this.open(options.dir);
    return createWorktrees({
      repository,
      readTrusted: () => Promise.resolve({ kind: 'trusted', files: { settings: null, mcp: null } }),
      boardDir: join(repository.topLevel, '.orchestrator'),
      settings: () => this.settings,
      signal: new AbortController().signal,
      runCommand: options.runCommand ?? {
        run: (argv) => {
          this.commands.push([...argv]);
          return Promise.resolve({ argv, ok: this.setupOk, outputTail: this.setupOk ? '' : 'no such package' });
        },
      },
      env: options.env ?? this.env,
      notice: (message) => this.notices.push(message),
    });
  }

  /** All of the user's that no task may change, as one text. */
  userState(): string {
    const refs = this.git('for-each-ref', '--format=%(refname) %(objectname)')
      .split('\n')
      .filter((line) => !/^refs\/(branchboard|heads\/task)\//.test(line));
    const index = execFileSync('sha256sum', [join(this.dir, '.git', 'index')], { encoding: 'utf8' });
    return [
      this.git('status', '--porcelain', '--branch'),
      this.git('reflog', 'show', 'HEAD'),
      this.git('stash', 'list'),
      this.git('config', '--local', '--list'),
      index,
      ...refs,
    ].join('\n');
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A checked task id. */
export function taskId(text: string): TaskId {
  const id = parseTaskId(text);
  if (id === undefined) throw new Error(`${text} is no task id`);
  return id;
}

/** A plan for a run in a workspace. */
export function planFor(task: TaskId, workspace: Workspace, changes: Partial<RunPlan> = {}): RunPlan {
  return {
    version: 1,
    task,
    n: 1,
    purpose: 'work',
    role: null,
    conflict: null,
    attempt: 1,
    freeRestarts: 0,
    cause: { kind: 'first' },
    session: { mode: 'fresh', id: '00000000-0000-4000-8000-000000000000' },
    workspace,
    taskHash: '',
    bootId: null,
    plannedAt: 0,
    terms: null,
    ...changes,
  };
}

/** What a dependent is told of a finished dependency. */
export function handoff(id: string, branch: string | null, tip: string | null): Handoff {
  return {
    id: taskId(id),
    title: id,
    branch,
    tip,
    base: null,
    summary: null,
    diffstat: null,
    elsewhere: [],
    report: null,
    sentBack: [],
  };
}

/** A finished task's work; its branch may be gone. */
export function finished(id: string, tip: string, branch = `task/${id}`): FinishedWork {
  return { id: taskId(id), tip, branch, base: null };
}

/** Chooses and prepares a workspace for a task's first run. */
export async function start(worktrees: GitWorktrees, id: string, readsOnly = false): Promise<RunPlan> {
  const task = taskId(id);
  const base = await worktrees.resolveBase({ task, start: null, dependencies: [] });
  if (!base.ok) throw new Error('conflict');
  const plan = planFor(task, await worktrees.choose(task, base.value.commit, readsOnly));
  await worktrees.prepare(plan);
  return plan;
}
