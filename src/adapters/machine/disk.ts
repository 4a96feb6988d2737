/** Whether a disk has room again, by writing to it: quotas and reserved blocks don't show in its statistics. */
import { constants } from 'node:fs';
import { rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../domain/limits.ts';
import { kindOf } from '../../domain/outside-kind.ts';
import type { Disk } from '../../ports.ts';
import { openRegular } from './regular-file.ts';

const probeBytes = 4096;
/** Always the same name, so that one that a crash left is used again; a temporary file's, so that a start removes it. */
const probeName = '.room.00000000.tmp';

/** The disks that hold these folders; asked anew each time, since settings change. A folder that is missing counts as roomy. */
export function createDisk(folders: () => readonly string[]): Disk {
  return {
    async hasRoom() {
      const found = await Promise.all((await chooseOnePerDisk(folders())).map(hasRoomIn));
      return found.every(Boolean);
    },
  };
}

/** Of folders on the same disk the first. */
async function chooseOnePerDisk(folders: readonly string[]): Promise<readonly string[]> {
  const disks = new Map<number, string>();
  for (const folder of folders) {
    const found = await stat(folder).catch(() => null);
    if (found !== null && !disks.has(found.dev)) disks.set(found.dev, folder);
  }
  return [...disks.values()];
}

async function hasRoomIn(folder: string): Promise<boolean> {
  const stats = await statfs(folder).catch(() => null);
  if (stats === null) return true;
  const wantedBytes = Math.min(limits.minFreeDiskBytes, (stats.blocks * stats.bsize) / 10);
  return stats.bavail * stats.bsize >= wantedBytes && (await canWrite(join(folder, probeName)));
}

async function canWrite(path: string): Promise<boolean> {
  try {
    await rm(path, { force: true });
    const file = await openRegular(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
    try {
      // It has no name from here on, so that nothing of it stays, whatever happens.
      await rm(path, { force: true });
      await file.writeFile('x'.repeat(probeBytes));
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    return kindOf(error) !== 'no-room';
  }
}
