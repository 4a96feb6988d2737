/** Watch events as hints: something may have changed, look again. The sweep makes up for what a watcher misses. */
import { watch as watchPaths } from 'chokidar';
import type { ChangeHints } from '../ports.ts';
import type { Layout } from './files/layout.ts';
import { columns } from '../domain/task.ts';

/** The board's own moves in the columns cause events too; they are gathered for so long. */
const columnsDebounceMs = 250;

/** Hints about the inbox, at once, and about the live columns and the settings, a little later. */
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
      const others = [...live.map((column) => layout.column(column)), layout.settings, layout.paused];
      const watchers = [
        watchPaths(layout.inbox, { ignoreInitial: true, depth: 0 }).on('all', hint),
        watchPaths(others, { ignoreInitial: true, depth: 0 }).on('all', hintLater),
      ];
      for (const watcher of watchers) {
        watcher.on('error', (error) => onTrouble(error instanceof Error ? error.message : String(error)));
      }
      return Promise.resolve(async () => {
        if (timer !== null) clearTimeout(timer);
        await Promise.all(watchers.map((watcher) => watcher.close()));
      });
    },
  };
}
