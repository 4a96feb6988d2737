/**
 * A full disk: nothing new is begun, what could not be written waits, and all goes on once there is room.
 *
 *   room ──► a port finds none ──► full: looked at every `diskLookEveryMs` ──► room
 */
import type { Board } from '../domain/board.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import { limits } from '../domain/limits.ts';
import type { Draft } from './draft.ts';

/** Whether a fault says that the disk, or the user's share of it, is full. */
export function isDiskFull({ kind }: OutsideFault): boolean {
  return kind === 'no-room';
}

/** A port found the disk full. */
export function noteDiskFull(draft: Draft, detail: string): void {
  const { disk, diskLifted } = draft.board;
  if (disk !== null) return;
  const isBack = diskLifted !== null && draft.at < diskLifted.at + 2 * diskLifted.everyMs;
  const everyMs = isBack ? Math.min(limits.maxDiskLookEveryMs, 2 * diskLifted.everyMs) : limits.diskLookEveryMs;
  draft.set({ disk: { detail, lookAt: draft.at + everyMs, everyMs } });
  draft.journal({ type: 'held', reason: 'disk-full', until: null, detail });
}

/** It is time to look for room. */
export function lookAtDisk(draft: Draft): void {
  const { disk } = draft.board;
  if (disk === null) return;
  draft.set({ disk: { ...disk, lookAt: draft.at + disk.everyMs } });
  draft.emit({ type: 'look-at-disk' });
}

/** Somebody looked: with room, what waited is due at once. */
export function handleDiskLookedAt(draft: Draft, hasRoom: boolean): void {
  const { disk } = draft.board;
  if (disk === null || !hasRoom) return;
  draft.set({ disk: null, diskLifted: { at: draft.at, everyMs: disk.everyMs } });
  draft.journal({ type: 'hold-lifted', reason: 'disk-full' });
  const { hold } = draft.board;
  if (hold !== null) draft.emit({ type: 'write-hold', hold });
  for (const task of draft.board.live.values()) {
    if (task.state === 'settling' && task.retryAt !== null) draft.putTask({ ...task, retryAt: draft.at });
    if (task.state !== 'active' || task.phase.name !== 'inspecting' || task.phase.retryAt === null) continue;
    draft.putTask({ ...task, phase: { ...task.phase, retryAt: draft.at } });
  }
}

/** Whether the board can write. */
export function hasDisk(board: Board): boolean {
  return board.disk === null;
}
