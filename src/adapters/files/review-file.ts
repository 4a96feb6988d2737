/**
 * A task's `review.md`, which is the user's: the board writes it where they ask for it, and keeps in it what they wrote and
 * did not send. What stands in it beside that is kept in `review/STAMP.json`, by which the user's lines are told from the
 * board's. A page that is not known any more is put aside, whole, as `review-N.md`.
 */
import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../domain/limits.ts';
import type { TaskId } from '../../domain/task.ts';
import { readStamp, type FilledPage, type SavedPage, type WrittenPage } from '../../domain/work-page.ts';
import { NewerFactError, PortError } from '../../ports.ts';
import { makeFolder, replaceFile } from '../machine/durable.ts';
import { codeOf } from '../machine/errors.ts';
import { exists } from '../machine/file-presence.ts';
import { openRegular } from '../machine/regular-file.ts';
import { pageFormat } from './fact-shapes.ts';
import { readFact } from './facts.ts';
import type { Layout } from './layout.ts';
import { checkFolders } from './own-folders.ts';

/** Makes a page of the one that is there, for a stamp. */
export type ComposePage = (before: SavedPage | null, stamp: string) => FilledPage;

/** Where the page of a task is. */
export const reviewPath = (layout: Layout, task: TaskId): string => join(layout.taskRuns(task), 'review.md');

/** A task's page as it is now; null where there is none. Throws PortError where it is too long, or no file. */
export async function readSavedPage(layout: Layout, task: TaskId): Promise<SavedPage | null> {
  const text = await readPage(layout, task);
  if (text === null) return null;
  const stamp = readStamp(text);
  const path = join(layout.taskRuns(task), 'review', `${stamp ?? ''}.json`);
  const written = stamp === null ? null : await readFact(path, pageFormat).catch(passOverNewer);
  return { text, written };
}

function passOverNewer(error: unknown): null {
  if (error instanceof NewerFactError) return null;
  throw error;
}

/**
 * Writes a task's page in a round of review. Gives the name under which one was put aside that the board does not know, or
 * null. Throws PortError.
 */
export async function writePage(
  layout: Layout,
  task: TaskId,
  round: number,
  compose: ComposePage,
): Promise<string | null> {
  const folder = layout.taskRuns(task);
  const before = await readSavedPage(layout, task);
  const unnamed = JSON.stringify([round, compose(before, '').lines]);
  const stamp = createHash('sha256').update(unnamed).digest('hex').slice(0, 12);
  const page = compose(before, stamp);
  const pages = join(folder, 'review');
  checkFolders([folder, pages]);
  await makeFolder(pages);
  const written: WrittenPage = { version: 1, round, lines: page.lines };
  await replaceFile(join(pages, `${stamp}.json`), `${JSON.stringify(written)}\n`);
  const aside = before !== null && before.written === null ? await putAside(folder) : null;
  // The user may have saved it meanwhile.
  const isSame = aside !== null || (await readPage(layout, task)) === (before?.text ?? null);
  if (!isSame) return writePage(layout, task, round, compose);
  await replaceFile(reviewPath(layout, task), page.text);
  await forgetPages(pages);
  return aside;
}

async function readPage(layout: Layout, task: TaskId): Promise<string | null> {
  checkFolders([layout.taskRuns(task)]);
  try {
    const handle = await openRegular(reviewPath(layout, task));
    try {
      const text = (await handle.stat()).size > limits.maxReviewBytes ? null : await handle.readFile('utf8');
      if (text !== null && text.split('\n').length <= limits.maxReviewPageLines) return text;
      throw new PortError(`${reviewPath(layout, task)} is too long to be read; move it away`);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function putAside(folder: string): Promise<string> {
  let number = 1;
  while (await exists(join(folder, `review-${String(number)}.md`))) number += 1;
  const name = `review-${String(number)}.md`;
  await rename(join(folder, 'review.md'), join(folder, name));
  return name;
}

/** An editor may still hold one of the last pages. */
async function forgetPages(pages: string): Promise<void> {
  const names = (await readdir(pages)).filter((name) => /^[0-9a-f]{12}\.json$/.test(name));
  const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(pages, name))).mtimeMs })));
  const old = aged.sort((a, b) => b.at - a.at).slice(limits.maxReviewPages);
  for (const { name } of old) await rm(join(pages, name), { force: true });
}
