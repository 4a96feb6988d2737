/**
 * Notes where the repository stands before an agent starts: its branches, tags and replacements, and the HEADs of the
 * user's checkouts. The notes are kept in the run's folder, so that a board that takes the run over can compare as
 * well.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod/mini';
import type { RunPlan } from '../../../domain/run.ts';
import { writeAnew } from '../../machine/durable.ts';
import { readFact } from '../../files/facts.ts';
import { layOut } from '../../files/layout.ts';
import type { Git } from '../git.ts';
import { hasMark, isLockedByUs } from '../record.ts';
import { headLog } from '../reflog.ts';
import type { Repository } from '../repository.ts';

const fileName = 'refs.json';
/** Refs that an agent could move to the user's harm. The board moves its own refs. */
const patterns = ['refs/heads', 'refs/tags', 'refs/replace', 'refs/stash'];

const notesShape = z.object({
  version: z.literal(1),
  /** Object ids by full names. */
  refs: z.record(z.string(), z.string()),
  checkouts: z.array(
    z.object({
      path: z.string(),
      /** Its git folder. */
      record: z.string(),
      /** The content of its HEAD file: `ref: ` and a branch's full name, or an object's id. */
      head: z.string(),
      /** The length of its HEAD's log; null where none is kept. */
      logBytes: z.nullable(z.number()),
    }),
  ),
});

/** See the file's head. */
export type RefNotes = z.output<typeof notesShape>;
/** A checkout of the user's. */
export type Checkout = RefNotes['checkouts'][number];

/** Looks where everything stands. One git process. Throws PortError if git fails. */
export async function takeNotes(git: Git, repository: Repository): Promise<RefNotes> {
  const output = await git.run(['for-each-ref', '--format=%(refname) %(objectname)', ...patterns]);
  const lines = output.split('\n').map((line) => line.split(' '));
  const refs = lines.flatMap(([ref = '', id = '']) => (id === '' ? [] : [[ref, id] as const]));
  return { version: 1, refs: Object.fromEntries(refs), checkouts: await listCheckouts(repository) };
}

/** Keeps the notes of a run. Throws the system's error. */
export async function writeNotes(boardDir: string, plan: RunPlan, notes: RefNotes): Promise<void> {
  await writeAnew(join(layOut(boardDir).run(plan), fileName), `${JSON.stringify(notes)}\n`);
}

/** The notes of a run; null where there are none that can be understood. Throws where the system keeps them from being read. */
export async function readNotes(boardDir: string, plan: RunPlan): Promise<RefNotes | null> {
  return readFact(join(layOut(boardDir).run(plan), fileName), { version: 1, shape: notesShape });
}

/** All checkouts but the board's own worktrees. */
async function listCheckouts(repository: Repository): Promise<Checkout[]> {
  const { commonDir, gitDir, topLevel } = repository;
  const parent = join(commonDir, 'worktrees');
  const names = await readdir(parent).catch(() => []);
  const linked = names.map((name) => readCheckout(join(parent, name)));
  const main = readHead(commonDir, gitDir === commonDir ? topLevel : dirname(commonDir));
  return (await Promise.all([main, ...linked])).filter((checkout) => checkout !== null);
}

async function readCheckout(record: string): Promise<Checkout | null> {
  if ((await isLockedByUs(record)) || (await hasMark(record, 'ready')) || (await hasMark(record, 'checked-out'))) {
    return null;
  }
  const link = await readFile(join(record, 'gitdir'), 'utf8').catch(() => '');
  return link === '' ? null : readHead(record, dirname(resolve(record, link.replace(/\n+$/, ''))));
}

async function readHead(record: string, path: string): Promise<Checkout | null> {
  const head = (await readFile(join(record, 'HEAD'), 'utf8').catch(() => '')).trim();
  const log = await stat(headLog(record)).catch(() => null);
  return head === '' ? null : { path, record, head, logBytes: log?.size ?? null };
}
