/**
 * Reports that the board crashed again and again and is not started any more. A task's file may well have caused it, so
 * none is read: the last dashboard and `queue.json` stay, except for the state of the board itself.
 */
import { lockBoard } from '../adapters/daemon-lock/daemon-lock.ts';
import { createBoardFiles } from '../adapters/files/board-files.ts';
import { createJournal } from '../adapters/files/journal.ts';
import { createClock } from '../adapters/machine/clock.ts';
import { Notifier } from '../adapters/machine/notifier.ts';
import { readRegular } from '../adapters/machine/regular-file.ts';
import type { HistoryEntry } from '../domain/history.ts';
import { markStopped } from '../markdown/stopped-dashboard.ts';
import type { BoardData } from '../views/board-data.ts';
import { composeDashboard } from './compose-dashboard.ts';
import { readSettingsOf } from './compose-reader.ts';
import type { OpenPlace } from './place.ts';
import { print } from './verb.ts';

/** Says on the dashboard, in `queue.json`, in the history and to `notify` that the board has stopped, and by which fault. */
export async function sayGivenUp(place: OpenPlace, fault: string): Promise<void> {
  const { layout, repository } = place;
  const lock = await lockBoard(layout.root, { onConnection: (socket) => socket.destroy(), onLost: () => undefined });
  // Somebody else runs the board meanwhile, and it has not stopped at all.
  if (!lock.ok) return;
  const clock = createClock();
  const entry: HistoryEntry = { type: 'board-stopped', at: clock.now(), fault };
  try {
    await Promise.allSettled([
      composeDashboard(place).update((current) => markStopped(current, fault)),
      createJournal(layout.history, clock).append(entry),
      stopBoardData(layout.boardData, (json) => createBoardFiles(layout, clock).writeBoardData(json)),
    ]);
  } finally {
    await lock.value.release();
  }
  const settings = await readSettingsOf(place);
  const notify = () => settings?.notify ?? null;
  const notifier = new Notifier({ notify, topLevel: repository.topLevel, clock, onTrouble: print });
  notifier.hear(entry);
  await notifier.flush();
}

async function stopBoardData(path: string, write: (json: string) => Promise<void>): Promise<void> {
  const data = JSON.parse(await readRegular(path)) as BoardData;
  const stopped: BoardData = { ...data, daemon: { ...data.daemon, running: false, pid: null } };
  await write(`${JSON.stringify(stopped)}\n`);
}
