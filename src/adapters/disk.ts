/** Whether a disk has room again, by writing to it: quotas and reserved blocks don't show in its statistics. */
import { randomUUID } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../domain/limits.ts';
import type { Disk } from '../ports.ts';

const probeBytes = 4096;

/** The disks that hold these folders; asked anew each time, since settings change. A folder that is missing counts as roomy. */
export function createDisk(folders: () => readonly string[]): Disk {
  return {
    async hasRoom() {
      const found = await Promise.all(folders().map(hasRoomIn));
      return found.every(Boolean);
    },
  };
}

async function hasRoomIn(folder: string): Promise<boolean> {
  const stats = await statfs(folder).catch(() => null);
  if (stats === null) return true;
  const wantedBytes = Math.min(limits.minFreeDiskBytes, (stats.blocks * stats.bsize) / 10);
  return (
    stats.bavail * stats.bsize >= wantedBytes && (await canWrite(join(folder, `.room.${randomUUID().slice(0, 8)}.tmp`)))
  );
}

async function canWrite(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(Buffer.alloc(probeBytes, 1));
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code !== 'ENOSPC' && code !== 'EDQUOT';
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
