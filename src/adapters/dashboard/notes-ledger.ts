/**
 * Merges the user's notes from saves, in memory: it holds the notes as they are, and the notes of each recent
 * dashboard. An editor saves the whole file that it once loaded, which may be many rewrites old. The stamp in the save
 * names that dashboard, and so shows what the user changed: the difference to the notes of then is merged into those of
 * now. A save whose dashboard is unknown adds and removes nothing.
 */
import { createHash } from 'node:crypto';

/** Dashboards whose notes are remembered, by stamp. */
const maxStamps = 10_000;
/** Different notes remembered for one stamp: the first and the newest. */
const maxNotesPerStamp = 16;
/** Dashboards remembered without their notes, to tell what in a mangled one is the user's. */
const maxGenerated = 128;

/** The functions about the user's part of a dashboard that the files need; `src/markdown/user-zones.ts` has them. */
export interface UserZones {
  extractNotes(dashboard: string): { readonly found: boolean; readonly notes: string };
  extractStamp(dashboard: string): string;
  replaceNotes(dashboard: string, notes: string): string;
  mergeNotes(base: string, ours: string, theirs: string): string;
  salvage(current: string, lastWritten: string | null): string;
  countChanges(before: string, after: string): { readonly gained: number; readonly lost: number };
}

/** See the file's head. */
export class NotesLedger {
  readonly #zones: UserZones;
  readonly #notesByStamp = new Map<string, string[]>();
  readonly #generated: string[] = [];
  #notes: string | null = null;

  constructor(zones: UserZones) {
    this.#zones = zones;
  }

  /** The user's notes as far as they are known. */
  get notes(): string {
    return this.#notes ?? '';
  }

  /** Remembers a dashboard that was once written, without taking its notes for those of now. */
  remember(text: string): void {
    this.#rememberNotes(text, this.#zones.extractNotes(text).notes);
  }

  /** Takes a dashboard's notes for those of now: it was just composed from them, or is the newest that is left. */
  setWritten(text: string): void {
    const { notes } = this.#zones.extractNotes(text);
    // The same string is kept where nothing changed, so that thousands of remembered notes share one.
    if (notes !== this.#notes) this.#notes = notes;
    this.#rememberNotes(text, this.#notes);
  }

  /**
   * Takes in a save. `previous` is the last save in the same place, or null: an editor that goes on writing there, to
   * complete a save perhaps, starts from that.
   */
  takeSave(text: string, previous: string | null): void {
    const { found, notes: theirs } = this.#zones.extractNotes(text);
    if (!found) this.#takeMangled(text);
    else if (this.#notes === null) this.setWritten(text);
    else {
      const known = this.#notesByStamp.get(this.#hashStamp(text)) ?? [];
      const base = this.#findPreviousNotes(text, previous) ?? this.#findBase(known, theirs);
      this.#notes = this.#zones.mergeNotes(base ?? '', this.#notes, theirs);
      // The editor's next save may be made from these notes; others may have the base in a buffer still.
      this.#rememberNotes(text, theirs);
    }
  }

  /** Takes in a file that an editor has been writing for too long to wait: whole lines are added, none is removed. */
  takeUnfinished(text: string): void {
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const { found, notes } = this.#zones.extractNotes(whole);
    if (found) this.#notes = this.#zones.mergeNotes('', this.notes, notes);
  }

  #findPreviousNotes(text: string, previous: string | null): string | undefined {
    if (previous === null || this.#hashStamp(previous) !== this.#hashStamp(text)) return undefined;
    const { found, notes } = this.#zones.extractNotes(previous);
    return found ? notes : undefined;
  }

  #takeMangled(text: string): void {
    const written = this.#generated.length === 0 ? null : this.#generated.join('\n');
    this.#notes = this.#zones.mergeNotes('', this.notes, this.#zones.salvage(text, written));
  }

  /** Of several notes with one stamp those from which the save takes least away, so that nothing is lost by mistake; then the nearest. */
  #findBase(known: readonly string[], theirs: string): string | undefined {
    let best: { readonly notes: string; readonly gained: number; readonly lost: number } | undefined;
    for (const notes of known.toReversed()) {
      const { gained, lost } = this.#zones.countChanges(notes, theirs);
      if (best === undefined || lost < best.lost || (lost === best.lost && gained < best.gained)) {
        best = { notes, gained, lost };
      }
    }
    return best?.notes;
  }

  #rememberNotes(text: string, notes: string): void {
    const stamp = this.#hashStamp(text);
    const known = this.#notesByStamp.get(stamp) ?? [];
    if (!known.includes(notes)) known.push(notes);
    if (known.length > maxNotesPerStamp) known.splice(1, 1);
    this.#notesByStamp.delete(stamp);
    this.#notesByStamp.set(stamp, known);
    const [oldest] = this.#notesByStamp.keys();
    if (this.#notesByStamp.size > maxStamps && oldest !== undefined) this.#notesByStamp.delete(oldest);
    const generated = this.#zones.replaceNotes(text, '');
    if (this.#generated.at(-1) !== generated) this.#generated.push(generated);
    if (this.#generated.length > maxGenerated) this.#generated.shift();
  }

  #hashStamp(text: string): string {
    return createHash('sha256').update(this.#zones.extractStamp(text)).digest('base64');
  }
}
