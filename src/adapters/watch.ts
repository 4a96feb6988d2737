/**
 * Watch events as hints: something may have changed, look again. Only folders are watched, each with one watch of the
 * system, and what changed is not looked at here: the scan does that, and its sweep makes up for what a watch misses.
 */
import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import { columns } from '../domain/task.ts';
import type { ChangeHints } from '../ports.ts';
import type { Layout } from './files/layout.ts';

/** The board's own moves in the columns cause events too; they are gathered for so long. */
const columnsDebounceMs = 250;
/** How often it is checked that a watched folder is still the one in its place. */
const renewEveryMs = 2_000;

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
      const live = columns.filter((column) => column !== 'done' && column !== 'archive');
      const watched = [layout.settings, layout.paused].map((path) => basename(path));
      const folders = [
        new FolderWatch(layout.inbox, hint, onTrouble),
        ...live.map((column) => new FolderWatch(layout.column(column), hintLater, onTrouble)),
        new FolderWatch(
          layout.root,
          (name) => (name === null || watched.includes(name) ? hintLater() : null),
          onTrouble,
        ),
      ];
      const renewal = setInterval(() => folders.forEach((folder) => folder.renew()), renewEveryMs);
      folders.forEach((folder) => folder.renew());
      return Promise.resolve(() => {
        if (timer !== null) clearTimeout(timer);
        clearInterval(renewal);
        folders.forEach((folder) => folder.close());
        return Promise.resolve();
      });
    },
  };
}

/** Watches the folder at a path, also after another one took its place. */
class FolderWatch {
  readonly #path: string;
  readonly #onChange: (name: string | null) => void;
  readonly #onTrouble: (message: string) => void;
  #watcher: FSWatcher | null = null;
  #folder: string | null = null;
  #toldTrouble: string | null = null;

  /** Nothing is watched before `renew`. `onChange` gets the name of what changed, where the system tells it. */
  constructor(path: string, onChange: (name: string | null) => void, onTrouble: (message: string) => void) {
    this.#path = path;
    this.#onChange = onChange;
    this.#onTrouble = onTrouble;
  }

  /** Watches what is in the folder's place now; does nothing where that is watched already. */
  renew(): void {
    const folder = identifyFolder(this.#path);
    if (folder === this.#folder && this.#watcher !== null) return;
    const isAnother = this.#watcher !== null;
    this.close();
    if (folder === null) return;
    try {
      this.#watcher = watch(this.#path, (_, name) => this.#onChange(name));
      this.#watcher.on('error', (error) => this.#giveUp(error));
      this.#folder = folder;
    } catch (error) {
      this.#giveUp(error);
    }
    if (isAnother) this.#onChange(null);
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  /** Until the next renewal, and told once. */
  #giveUp(error: unknown): void {
    this.close();
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.#toldTrouble) this.#onTrouble(message);
    this.#toldTrouble = message;
  }
}

/** A removed folder's inode is soon used again, so the time of birth counts as well. */
function identifyFolder(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}:${stats.birthtimeMs}` : null;
}
