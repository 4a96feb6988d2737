/**
 * Watch events as hints: something may have changed, look again. Only folders are watched, each with one watch of the
 * system, and what changed is not looked at here: the scan does that, and its sweep makes up for what a watch misses.
 * So where nothing can be watched the board works all the same, only later; that is told once, with what to do.
 */
import { rmSync, statSync, watch, writeFileSync, type FSWatcher } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import { limits } from '../../domain/limits.ts';
import { columns } from '../../domain/task.ts';
import type { ChangeHints } from '../../ports.ts';
import { privateMode } from '../machine/durable.ts';
import type { Layout } from './layout.ts';

/** The board's own moves in the columns cause events too; they are gathered for so long. */
const columnsDebounceMs = 250;
/** How often it is checked that a watched folder is still the one in its place. */
const renewEveryMs = 2_000;
/** Written and removed at the beginning: a watcher that works tells of it. */
const probeName = '.watch-probe';

/** What to type where the system's limits on watching are too low. */
export const watchLimitsHint =
  'Type: sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024';

/** Hints about the inbox, at once, and about the live columns, the settings and the pause, a little later. */
export function createChangeHints(layout: Layout, onTrouble: (message: string) => void): ChangeHints {
  return {
    watch(hint) {
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
      const watched = [layout.settings, layout.localSettings, layout.paused].map((path) => basename(path));
      const onError = (error: unknown) => tellOnce(describeWatchTrouble(error));
      const folders = [
        new FolderWatch(layout.inbox, hint, onError),
        ...live.map((column) => new FolderWatch(layout.column(column), hintLater, onError)),
        new FolderWatch(
          layout.root,
          (name) => {
            isHeard = true;
            if (name === null || watched.includes(name)) hintLater();
          },
          onError,
        ),
      ];
      folders.forEach((folder) => folder.renew());
      probe(layout.root);
      let isProbed = false;
      const renewal = setInterval(() => {
        if (!isProbed && !isHeard) tellOnce(silenceMessage);
        isProbed = true;
        folders.forEach((folder) => folder.renew());
      }, renewEveryMs);
      return Promise.resolve(() => {
        if (timer !== null) clearTimeout(timer);
        clearInterval(renewal);
        folders.forEach((folder) => folder.close());
        return Promise.resolve();
      });
    },
  };
}

const looksAnyway = `the board looks every ${String(limits.sweepEveryMs / 1000)} s anyway, so files are noticed a little later`;
const silenceMessage = `nothing is told of changes on this file system (a network or container mount?): ${looksAnyway}`;

/** Why nothing can be watched, what that means, and what to do. */
export function describeWatchTrouble(error: unknown): string {
  const code = codeOf(error);
  const why = error instanceof Error ? error.message : String(error);
  // What node makes of inotify's limits on watches and on instances.
  const hint = code === 'ENOSPC' || code === 'EMFILE' ? ` ${watchLimitsHint}` : '';
  return `folders can't be watched (${why}): ${looksAnyway}.${hint}`;
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
  #folder: string | null = null;

  /** Nothing is watched before `renew`. `onChange` gets the name of what changed, where the system tells it. */
  constructor(path: string, onChange: (name: string | null) => void, onError: (error: unknown) => void) {
    this.#path = path;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** Watches what is in the folder's place now; does nothing where that is watched already. */
  renew(): void {
    try {
      const folder = identifyFolder(this.#path);
      if (folder === this.#folder && this.#watcher !== null) return;
      const isAnother = this.#watcher !== null;
      this.close();
      if (isAnother) this.#onChange(null);
      if (folder === null) return;
      this.#watcher = watch(this.#path, (_, name) => this.#onChange(name));
      this.#watcher.on('error', (error) => this.#giveUp(error));
      this.#folder = folder;
    } catch (error) {
      this.#giveUp(error);
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  /** Until the next renewal. A folder that was removed meanwhile is no trouble. */
  #giveUp(error: unknown): void {
    this.close();
    if (codeOf(error) !== 'ENOENT') this.#onError(error);
  }
}

/** A removed folder's inode is soon used again, so the time of birth counts as well. */
function identifyFolder(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}:${stats.birthtimeMs}` : null;
}
