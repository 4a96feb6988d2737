/**
 * The dashboard's file, rewritten while people edit it. Nothing that an editor saves is lost:
 *
 *   take in what was saved ──► compose ──► move the file to the backups ──► link the new one into its place
 *        ▲    (once whole)                  (whatever is there then)             │ taken meanwhile: move that, too
 *        └───────────────────── look at the backups again ◄──────────────────────┘
 *
 * Boxes that were ticked are handed on before the file that says so is replaced. Beside the backups stand the dashboard
 * as it was written last, `written.md`, and the one before, for saves that are made while no board runs; and `lines.txt`,
 * by which lines of the board's are known again in a save of an old buffer.
 *
 * The file is moved away before the new one is linked into its place, though for some 30 microseconds there is then no
 * file. The other way, to link a backup and to rename the new file over the old, has no such moment, but a file that an
 * editor renames into place in between is gone for good. A move takes what is there, and a link replaces nothing; an
 * editor that saves meanwhile succeeds, and one that loads finds the file when it tries again. Editors that
 * write in place hold the old file open, and it stays among the backups until it has been left alone for long.
 * All is synchronous but the waiting: the files are small, and no edit falls between two steps of one function.
 */
import { appendFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../../domain/error-message.ts';
import { dirname, join } from 'node:path';
import type { Tick } from '../../domain/command.ts';
import { setTimeout as delay } from 'node:timers/promises';

import { codeOf } from '../machine/errors.ts';
import { type DashboardFile, PortError } from '../../ports.ts';
import { DashboardBackups, type EditorPatience, QuietWatch, readSnapshot, type Snapshot } from './dashboard-backups.ts';
import { privateFolderMode, privateMode } from '../machine/durable.ts';
import { encodeText } from './lossless-text.ts';
import { NotesLedger, type UserZones } from './notes-ledger.ts';
import { checkFolders } from '../files/own-folders.ts';

/** The longest time of one save, before its parts count as saves of their own, and the longest wait for one. */
const editorPatience: EditorPatience = { quietMs: 250, busyMs: 5_000 };
/** Time between two looks at a file that is being written, as a part of `quietMs`. */
const looksPerQuiet = 8;
/** Rewrites of one update before it leaves the rest to the next. */
const maxRewritesPerUpdate = 20;
/** Files that appear in the dashboard's place while it is being replaced. */
const maxMovesPerSwap = 100;

/** A dashboard file that looks for late saves on request, without a change of the board. */
export interface SettlingDashboardFile extends DashboardFile {
  /**
   * Takes in saves since the last update, also into files replaced long ago, and rewrites the dashboard as it was
   * composed last, if it was and that changes it. To be called now and then while the board is quiet, and before the end.
   */
  settle(): Promise<void>;
}

/** Where the dashboard is, and what in it is the user's. */
export interface DashboardFileOptions {
  /** Path of `DASHBOARD.md`. Backups are kept in `.dashboard/` beside it. */
  readonly path: string;
  readonly zones: UserZones;
  readonly patience?: EditorPatience;
  /** Takes boxes that were ticked, durably: what it rejects is handed over again. Without it they stay as they are. */
  readonly onTicks?: (ticks: readonly Tick[]) => Promise<void>;
}

/** The file adapter for the dashboard; nothing is read or written before the first call. */
export function createDashboardFile(options: DashboardFileOptions): SettlingDashboardFile {
  const file = new GuardedFile(options);
  let last: Promise<unknown> = Promise.resolve();
  let lastCompose: ((current: string | null) => string) | null = null;
  // Calls never overlap.
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const checkAndWork = (): Promise<Value> => {
      checkFolders([dirname(options.path), backupsOf(options.path)]);
      return work();
    };
    const turn = last.then(checkAndWork).catch((error: unknown) => {
      throw explainError(options.path, error);
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    update: (compose) =>
      inTurn(() => {
        lastCompose = compose;
        return file.update(compose);
      }),
    // No task waits for a dashboard that can't be read; who writes it tells of that.
    readNotes: () => inTurn(() => file.readNotes()).catch(() => file.recallNotes()),
    settle: () => inTurn(() => (lastCompose === null ? file.lookForSaves() : file.update(lastCompose))),
  };
}

function backupsOf(path: string): string {
  return join(dirname(path), '.dashboard');
}

function explainError(path: string, error: unknown): PortError {
  if (error instanceof PortError) return error;
  const code = codeOf(error);
  const message = messageOf(error);
  return new PortError(`${path} could not be kept up to date: ${message}`, {
    cause: error,
    ...(code === null ? {} : { code }),
  });
}

class GuardedFile {
  readonly #path: string;
  readonly #folder: string;
  readonly #zones: UserZones;
  readonly #patience: EditorPatience;
  readonly #ledger: NotesLedger;
  readonly #backups: DashboardBackups;
  readonly #watch = new QuietWatch();
  readonly #onTicks: DashboardFileOptions['onTicks'];
  #isOpen = false;
  /** The file's text when it was last taken in or written; null where there was none. */
  #known: string | null = null;
  /** An editor's save since it was written, or null. */
  #save: string | null = null;

  constructor({ path, zones, patience = editorPatience, onTicks }: DashboardFileOptions) {
    this.#path = path;
    this.#folder = backupsOf(path);
    this.#zones = zones;
    this.#patience = patience;
    this.#onTicks = onTicks;
    this.#ledger = new NotesLedger(zones);
    this.#backups = new DashboardBackups(this.#folder, patience);
  }

  async lookForSaves(): Promise<void> {
    await this.#takeIn(Date.now() + this.#patience.busyMs);
  }

  async readNotes(): Promise<string> {
    await this.lookForSaves();
    return this.#ledger.notes;
  }

  /** The notes where the backups can't be used: those in the file, or those that were known last. */
  recallNotes(): string {
    try {
      const found = this.#zones.extractNotes(readSnapshot(this.#path)?.text ?? '');
      if (found.found) return found.notes;
    } catch {
      // The file can't be read either.
    }
    return this.#ledger.notes;
  }

  async update(compose: (current: string | null) => string): Promise<void> {
    const giveUpAt = Date.now() + this.#patience.busyMs;
    for (let rewrite = 0; rewrite < maxRewritesPerUpdate; rewrite += 1) {
      const current = await this.#takeIn(giveUpAt);
      const { notes } = this.#ledger;
      const base = current?.text ?? null;
      const isCurrent = base !== null && this.#hasNotes(base, notes);
      const composed = compose(isCurrent ? base : base === null && notes === '' ? null : this.#withNotes(base, notes));
      if (this.#ledger.moveDrafts(composed)) continue;
      const text = this.#zones.putDrafts(composed, this.#ledger.drafts);
      if (text === base) return;
      this.#swap(text, current);
      this.#ledger.setWritten(text);
      this.#keepLines();
      if (Date.now() >= giveUpAt) return;
      const isSettled = !this.#checkBackups() && this.#isCurrent(text);
      if (isSettled && this.#ledger.ticks.length === 0) return;
    }
  }

  #isCurrent(text: string): boolean {
    const { notes, drafts } = this.#ledger;
    return notes === this.#zones.extractNotes(text).notes && text === this.#zones.putDrafts(text, drafts);
  }

  #hasNotes(text: string, notes: string): boolean {
    const extracted = this.#zones.extractNotes(text);
    return extracted.found && extracted.notes === notes;
  }

  #withNotes(text: string | null, notes: string): string {
    return this.#zones.replaceNotes(text === null || !this.#zones.extractNotes(text).found ? '' : text, notes);
  }

  #open(): void {
    if (this.#isOpen) return;
    const saves = this.#backups.open(Date.now());
    for (const save of saves) this.#ledger.remember(save, true);
    const written = this.#writtenPaths
      .flatMap((path) => readSnapshot(path)?.text ?? [])
      .filter((text) => this.#zones.extractNotes(text).found);
    this.#ledger.recallLines((readSnapshot(this.#linesPath)?.text ?? '').split('\n').filter((hash) => hash !== ''));
    for (const text of written) this.#ledger.remember(text, false);
    const current = readSnapshot(this.#path);
    const newest = written.at(-1) ?? saves.at(-1);
    // A dashboard that was deleted or mangled while nobody watched comes back with the notes that it had last.
    const isUsable = current !== null && this.#zones.extractNotes(current.text).found;
    if (!isUsable && newest !== undefined) this.#ledger.setWritten(newest);
    this.#isOpen = true;
  }

  /** Where the dashboard of before and the one that was written last are kept. */
  get #writtenPaths(): readonly [before: string, last: string] {
    return [join(this.#folder, 'before.md'), join(this.#folder, 'written.md')];
  }

  /** Takes in all that was saved, waiting for saves that are under way until `giveUpAt`; returns the file as it is then. */
  async #takeIn(giveUpAt: number): Promise<Snapshot | null> {
    this.#open();
    for (;;) {
      await this.#handOnTicks();
      const current = readSnapshot(this.#path);
      const isBusy = (current?.text ?? null) !== this.#known && !this.#takeCurrent(current);
      const isBackupBusy = this.#checkBackups();
      if (this.#onTicks !== undefined && this.#ledger.ticks.length > 0) continue;
      if (!isBusy && !isBackupBusy) return current;
      if (Date.now() >= giveUpAt) {
        if (isBusy && current !== null) this.#ledger.takeUnfinished(current.text);
        return current;
      }
      await delay(this.#patience.quietMs / looksPerQuiet);
    }
  }

  async #handOnTicks(): Promise<void> {
    const { ticks } = this.#ledger;
    if (this.#onTicks === undefined || ticks.length === 0) return;
    await this.#onTicks(ticks);
    this.#ledger.dropTicks(ticks);
  }

  /** False where the file is being written, or is missing for so short a time that an editor may be about to put it back. */
  #takeCurrent(current: Snapshot | null): boolean {
    if (!this.#watch.isQuiet(current, this.#patience, Date.now())) return false;
    if (current !== null) this.#ledger.takeSave(current.text, this.#save);
    this.#known = current?.text ?? null;
    this.#save = this.#known;
    return true;
  }

  #checkBackups(): boolean {
    return this.#backups.check(Date.now(), (text, isWhole, previous) => {
      if (isWhole) this.#ledger.takeSave(text, previous);
      else this.#ledger.takeUnfinished(text);
    });
  }

  #swap(text: string, current: Snapshot | null): void {
    const next = join(this.#folder, 'next.md');
    mkdirSync(this.#folder, { recursive: true, mode: privateFolderMode });
    // After a crash it may be a second name of the dashboard itself, so it is never written over.
    rmSync(next, { force: true });
    writeFileSync(next, encodeText(text), { flag: 'wx', mode: privateMode });
    this.#keepWritten(text);
    this.#putInPlace(next, current !== null && current.text === this.#known ? current.text : null);
    rmSync(next, { force: true });
    this.#known = text;
    this.#save = null;
  }

  /** Hashes of the lines that the board wrote, one a line. */
  get #linesPath(): string {
    return join(this.#folder, 'lines.txt');
  }

  #keepLines(): void {
    const { hashes, all } = this.#ledger.takeLines();
    if (hashes.length === 0) return;
    const write = all ? writeFileSync : appendFileSync;
    write(this.#linesPath, hashes.map((hash) => `${hash}\n`).join(''), { mode: privateMode });
  }

  /** Before the dashboard is replaced, so that whichever of the two a crash leaves in its place is known. */
  #keepWritten(text: string): void {
    const [before, last] = this.#writtenPaths;
    if (existsSync(last)) renameSync(last, before);
    writeFileSync(last, encodeText(text), { flag: 'wx', mode: privateMode });
  }

  #putInPlace(next: string, takenIn: string | null): void {
    let known = takenIn;
    for (let move = 0; move < maxMovesPerSwap; move += 1) {
      this.#backups.capture(this.#path, known, move === 0 ? this.#save : null, Date.now());
      known = null;
      try {
        linkSync(next, this.#path);
        return;
      } catch (error) {
        // Without hard links a file made in this very moment by an editor can't be kept from being replaced.
        if (codeOf(error) !== 'EEXIST') {
          renameSync(next, this.#path);
          return;
        }
      }
    }
    throw new Error(`something else writes ${this.#path} all the time`);
  }
}
