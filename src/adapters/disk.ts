/** Whether a disk has room again, by writing to it: quotas and reserved blocks don't show in its statistics. */
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../domain/limits.ts';
import type { Disk } from '../ports.ts';
import { codeOf, privateMode, writeTemporary } from './files/durable.ts';

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
  return stats.bavail * stats.bsize >= wantedBytes && (await canWrite(folder));
}

async function canWrite(folder: string): Promise<boolean> {
  try {
    const written = await writeTemporary(join(folder, 'room'), 'x'.repeat(probeBytes), privateMode);
    await rm(written, { force: true }).catch(() => undefined);
    return true;
  } catch (error) {
    const code = codeOf(error);
    return code !== 'ENOSPC' && code !== 'EDQUOT';
  }
}
