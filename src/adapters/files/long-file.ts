/**
 * Bounds a file that only grows: one that is long is put aside under a number, those before move on by one, and the last
 * of them goes. `history.jsonl` becomes `history.1.jsonl`, which became `history.2.jsonl`.
 */
import { constants, copyFileSync, fstatSync, ftruncateSync, lstatSync, rmSync } from 'node:fs';
import { lstat, rename } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import { checkFolders } from './own-folders.ts';

/** The paths that a file is put aside under, the newest first. */
export function listFormer(path: string, count: number): string[] {
  const { dir, name, ext } = parse(path);
  return Array.from({ length: count }, (_, index) => join(dir, `${name}.${String(index + 1)}${ext}`));
}

/**
 * Puts a regular file aside that is longer than `maxBytes`, and keeps `count` such files. Returns whether it was. A kill in
 * the middle leaves a number out, which nobody misses. Throws the system's error, or PortError where the folder is not the
 * user's own.
 */
export async function putLongAside(path: string, maxBytes: number, count: number): Promise<boolean> {
  const stats = await lstat(path).catch(() => null);
  if (stats?.isFile() !== true || stats.size <= maxBytes) return false;
  checkFolders([dirname(path)]);
  const names = [path, ...listFormer(path, count)];
  for (let index = names.length - 2; index >= 0; index -= 1) {
    await rename(names[index] ?? path, names[index + 1] ?? path).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  }
  return true;
}

/**
 * Bounds a file while this process appends to it through `fd`: what it holds is copied aside and cut off. Nothing where
 * `fd` is another file. Throws the system's error.
 */
export function cutLongOutput(fd: number, path: string, maxBytes: number): void {
  const [open, named] = [fstatSync(fd), lstatSync(path, { throwIfNoEntry: false })];
  if (!open.isFile() || open.ino !== named?.ino || open.dev !== named.dev || open.size <= maxBytes) return;
  const [aside = path] = listFormer(path, 1);
  rmSync(aside, { force: true });
  copyFileSync(path, aside, constants.COPYFILE_EXCL);
  ftruncateSync(fd);
}
