/** Where everything of a board is, below its folder. */
import { join } from 'node:path';
import type { RunId } from '../../domain/run.ts';
import { columns, type Column, type TaskId } from '../../domain/task.ts';

/** The folder's name in a repository. */
export const boardFolderName = '.orchestrator';

/** Paths of one board. */
export interface Layout {
  readonly root: string;
  readonly inbox: string;
  readonly dashboard: string;
  readonly settings: string;
  /** Settings that the repository must not hold. */
  readonly localSettings: string;
  readonly templates: string;
  readonly boardData: string;
  readonly history: string;
  /** The output of a board in the background. */
  readonly log: string;
  /** The user's pause: the file is there, or it is not. */
  readonly paused: string;
  readonly hold: string;
  /** What User Notes say to tasks, and the commands that it became. */
  readonly lines: string;
  /** What was found of merges by hand while no board ran. */
  readonly merges: string;
  /** Commands that are not settled, a file each. */
  readonly commands: string;
  /** The grants of tasks, a file each. */
  readonly grants: string;
  readonly runs: string;
  readonly worktrees: string;
  /** Numbered files that say which daemon has the board, and where its socket is. */
  readonly lock: string;
  /** The process that starts the board again, while it waits after a crash: its pid and start time. */
  readonly supervisor: string;
  /** Dashboards that were replaced. */
  readonly dashboardBackups: string;
  /** All folders that the board makes and looks into: its own, and those in it. */
  readonly folders: readonly string[];
  column(column: Column): string;
  grant(task: TaskId): string;
  taskRuns(task: TaskId): string;
  run(run: RunId): string;
}

/** The paths of the board whose folder is `root`. */
export function layOut(root: string): Layout {
  const inFolder = (name: string) => join(root, name);
  const [inbox, templates, runs] = [inFolder('inbox'), inFolder('templates'), inFolder('runs')];
  const dashboardBackups = inFolder('.dashboard');
  const [worktrees, lock] = [inFolder('worktrees'), inFolder('lock')];
  const [grants, commands] = [inFolder('grants'), inFolder('commands')];
  return {
    root,
    inbox,
    dashboard: join(root, 'DASHBOARD.md'),
    settings: join(root, 'config.yaml'),
    localSettings: join(root, 'local.yaml'),
    templates,
    boardData: join(root, 'queue.json'),
    history: join(root, 'history.jsonl'),
    log: join(root, 'daemon.log'),
    paused: join(root, 'paused'),
    hold: join(root, 'hold.json'),
    lines: join(root, 'lines.json'),
    merges: join(root, 'merges.json'),
    commands,
    grants,
    runs,
    worktrees,
    lock,
    supervisor: join(root, 'supervisor'),
    dashboardBackups,
    folders: [
      root,
      inbox,
      ...columns.map(inFolder),
      ...[templates, join(templates, 'roles'), join(templates, 'parts')],
      runs,
      commands,
      grants,
      worktrees,
      lock,
      dashboardBackups,
    ],
    column: (column) => join(root, column),
    grant: (task) => join(grants, `${task}.json`),
    taskRuns: (task) => join(runs, task),
    run: (run) => join(runs, run.task, String(run.n)),
  };
}
