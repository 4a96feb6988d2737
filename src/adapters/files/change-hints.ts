/**
 * Watch events as hints: something may have changed, look again. Only folders are watched, by chokidar; the hints are
 * its `raw` events, since it drops others for a name that is used again at once. The scan looks at the files, and its
 * sweep makes up for events that a watch misses. So where nothing can be watched the board works all the same, only
 * later; one notice says so, with what to do.
 */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { messageOf } from '../../domain/error-message.ts';
import { basename, join } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { limits } from '../../domain/limits.ts';
import type { WatchMode } from '../../domain/settings.ts';
import { columns } from '../../domain/task.ts';
import type { ChangeHints } from '../../ports.ts';
import { privateMode } from '../machine/durable.ts';
import { codeOf } from '../machine/errors.ts';
import type { Layout } from './layout.ts';

/** The board's own moves in the columns cause events too; they are gathered for so long. */
const columnsDebounceMs = 250;
/** Time between two checks that a watched folder is still the one in its place. */
const renewEveryMs = 2_000;
/** Time between two looks at each folder where `watch` is `polling`. */
const pollEveryMs = 250;
/** Written and removed at the beginning: a file system that reports changes reports this one. */
const probeName = '.watch-probe';

/** The command that raises the system's limits on watching. */
export const watchLimitsHint =
  'Type: sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024';

/** Hints about the inbox and the commands, at once, and about the live columns and the settings, a little later. */
export function createChangeHints(layout: Layout, onTrouble: (message: string) => void): ChangeHints {
  return {
    watch(hint, mode) {
      let timer: NodeJS.Timeout | null = null;
      const hintLater = () => {
        timer ??= setTimeout(() => {
          timer = null;
          hint();
        }, columnsDebounceMs);
      };
      let isTold = false;
      const tellOnce = (message: string) => {
        if (!isTold) onTrouble(message);
        isTold = true;
      };
      let isHeard = false;
      const live = columns.filter((column) => column !== 'done' && column !== 'archive');
      const watched = [layout.settings, layout.localSettings].map((path) => basename(path));
      const onError = (error: unknown) => tellOnce(describeWatchTrouble(error));
      const hintOfRoot = (name: string | null) => {
        isHeard = true;
        if (name === null || watched.includes(name)) hintLater();
      };
      const folders = [
        new FolderWatch(layout.inbox, hint, onError),
        new FolderWatch(layout.commands, hint, onError),
        ...live.map((column) => new FolderWatch(layout.column(column), hintLater, onError)),
        new FolderWatch(layout.root, hintOfRoot, onError),
      ];
      const renewal = setInterval(() => folders.forEach((folder) => void folder.renew(mode())), renewEveryMs);
      let silence: NodeJS.Timeout | undefined;
      let isOver = false;
      void Promise.all(folders.map((folder) => folder.renew(mode()))).then(() => {
        if (isOver) return;
        probe(layout.root);
        silence = setTimeout(() => {
          if (!isHeard && mode() === 'auto') tellOnce(silenceMessage);
        }, renewEveryMs);
        // Changes before now were not reported.
        hint();
      });
      return Promise.resolve(async () => {
        isOver = true;
        if (timer !== null) clearTimeout(timer);
        clearTimeout(silence);
        clearInterval(renewal);
        await Promise.all(folders.map((folder) => folder.close()));
      });
    },
  };
}

const scanInstead = `Scanning every ${String(limits.sweepEveryMs / 1000)} s instead.`;
const silenceMessage =
  `This file system reports no changes (a network or container mount?). ${scanInstead} ` +
  'To see files sooner, set `watch: polling` in config.yaml.';

/** Why folders can't be watched, what the board does instead, and what to type. */
export function describeWatchTrouble(error: unknown): string {
  const code = codeOf(error);
  const why = messageOf(error);
  // Node's error codes for inotify's limits on watches and on instances.
  const hint = code === 'ENOSPC' || code === 'EMFILE' ? ` ${watchLimitsHint}` : '';
  return `Can't watch folders (${why}). ${scanInstead}${hint}`;
}

function probe(root: string): void {
  const path = join(root, probeName);
  try {
    rmSync(path, { force: true });
    writeFileSync(path, '', { flag: 'wx', mode: privateMode });
    rmSync(path, { force: true });
  } catch {
    // Then all else fails as well, and says why.
  }
}

/** Watches the folder at a path, also after another one took its place. */
class FolderWatch {
  readonly #path: string;
  readonly #onChange: (name: string | null) => void;
  readonly #onError: (error: unknown) => void;
  #watcher: FSWatcher | null = null;
  /** The folder that is watched, and how. */
  #watched: string | null = null;

  /** Nothing is watched before `renew`. `onChange` gets the name of what changed, where the system tells it. */
  constructor(path: string, onChange: (name: string | null) => void, onError: (error: unknown) => void) {
    this.#path = path;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** Watches what is in the folder's place now; does nothing where that is watched already. Returns once it is watched. */
  async renew(mode: WatchMode): Promise<void> {
    try {
      const folder = identifyFolder(this.#path);
      const wanted = folder === null ? null : `${mode} ${folder}`;
      if (wanted === this.#watched) return;
      if (this.#watched !== null) this.#onChange(null);
      void this.close();
      this.#watched = wanted;
      if (wanted !== null) await this.#start(mode);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  async close(): Promise<void> {
    const watcher = this.#watcher;
    [this.#watcher, this.#watched] = [null, null];
    await watcher?.close();
  }

  #start(mode: WatchMode): Promise<void> {
    return new Promise((resolve) => {
      this.#watcher = watch(this.#path, {
        depth: 0,
        ignoreInitial: true,
        // Otherwise each file in the folder costs a watch of its own.
        ignored: (_, stats) => stats?.isFile() === true,
        usePolling: mode === 'polling',
        interval: pollEveryMs,
      })
        // Polling tells the folder's path.
        .on('raw', (_, name) => this.#onChange(name === this.#path ? null : name))
        .on('ready', resolve)
        .on('error', (error) => {
          this.#giveUp(error);
          resolve();
        });
    });
  }

  /** Until the next renewal. A folder that was removed meanwhile is no trouble. */
  #giveUp(error: unknown): void {
    void this.close();
    if (codeOf(error) !== 'ENOENT') this.#onError(error);
  }
}

/** A removed folder's inode is soon used again, so the time of birth counts as well. */
function identifyFolder(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}:${stats.birthtimeMs}` : null;
}
