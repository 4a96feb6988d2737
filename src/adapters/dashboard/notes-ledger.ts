/**
 * Merges what is the user's from saves, in memory: it holds the notes as they are, and each recent dashboard. An editor
 * saves the whole file that it once loaded, which may be many rewrites old. The stamp in the save names that dashboard,
 * and so shows what the user changed: the difference to the notes of then is merged into those of now, ticked boxes are
 * gathered, and text that was typed elsewhere goes below the notes. What stands at the places for text is merged likewise,
 * each place by itself. A save whose dashboard is unknown removes nothing.
 */
import { createHash } from 'node:crypto';
import { isTelling, type Tick } from '../../domain/command.ts';
import { limits } from '../../domain/limits.ts';
import { keepNewest } from '../machine/newest.ts';

/** Dashboards whose notes are remembered, by stamp. */
const maxStamps = 10_000;
/** Different notes remembered for one stamp: the first and the newest. */
const maxNotesPerStamp = 16;
/** Dashboards remembered as they were written, to tell what in a save is the user's. */
const maxWritten = 512;
/** Of those, so many are searched in a save that lost its headings. */
const maxSearched = 128;
/** Lines that the board wrote and that are known again; of more, the newer half is. */
const maxLines = 40_000;
/** Characters kept of a line's hash: two of 40,000 lines share one in one of a million million boards. */
const lineHashChars = 12;

/** Text that a user typed outside the notes, and where. */
export interface TypedText {
  readonly under: string;
  readonly text: string;
  /** The key of the place that it belongs to, or null. */
  readonly place: string | null;
}

/** The functions about the user's parts of a dashboard that the files need; `src/markdown/` has them. */
export interface UserZones {
  extractNotes(dashboard: string): { readonly found: boolean; readonly notes: string };
  extractStamp(dashboard: string): string;
  replaceNotes(dashboard: string, notes: string): string;
  mergeNotes(base: string, ours: string, theirs: string): string;
  salvage(current: string, lastWritten: string | null, hasWritten: (line: string) => boolean): string;
  keysOfLines(dashboard: string): readonly string[];
  countChanges(before: string, after: string): { readonly gained: number; readonly lost: number };
  readEdits(
    saved: string,
    origin:
      | { readonly kind: 'exact'; readonly written: string }
      | { readonly kind: 'unknown'; readonly hasWritten: ((key: string) => boolean) | null },
    taken: string,
  ): {
    readonly ticks: readonly Tick[];
    readonly texts: readonly TypedText[];
    readonly drafts: ReadonlyMap<string, string>;
  };
  readDrafts(dashboard: string): ReadonlyMap<string, string>;
  putDrafts(dashboard: string, drafts: ReadonlyMap<string, string>): string;
  appendTexts(notes: string, texts: readonly Pick<TypedText, 'under' | 'text'>[], timeOfDay: string): string;
  formatTick(tick: Tick): string;
}

/** What was taken out of saves of one dashboard, so that it is taken once. */
interface Taken {
  text: string;
  readonly ticks: Set<string>;
}

/** See the file's head. */
export class NotesLedger {
  readonly #zones: UserZones;
  /** By stamp; what stood at a place for text by stamp and key. */
  readonly #notesByStamp = new Map<string, string[]>();
  /** Without notes, the newest last. */
  readonly #written = new Map<string, string>();
  readonly #taken = new Map<string, Taken>();
  /** Hashes of the lines that the board ever wrote, the newest last, for saves of dashboards that are not known any more. */
  #lines = new Set<string>();
  #freshLines: readonly string[] = [];
  #ticks: readonly Tick[] = [];
  #notes: string | null = null;
  /** What the user typed at places for text, by their keys. Of a place that is done with, an empty text. */
  readonly #drafts = new Map<string, string>();

  constructor(zones: UserZones) {
    this.#zones = zones;
  }

  /** The user's notes as far as they are known. */
  get notes(): string {
    return this.#notes ?? '';
  }

  /** What stands at the places for text, by their keys. */
  get drafts(): ReadonlyMap<string, string> {
    return this.#drafts;
  }

  /** Puts what stands at places that a dashboard does not have below the notes; returns whether there was any. */
  moveDrafts(dashboard: string): boolean {
    const places = this.#zones.readDrafts(dashboard);
    const left = [...this.#drafts].filter(([key, draft]) => draft.trim() !== '' && !places.has(key));
    for (const [key, draft] of left) {
      const [, task = ''] = /^<!-- \w+ (\S+) /.exec(key) ?? [];
      this.#notes = this.#append([{ under: `Needs You, ${task}`, text: draft.endsWith('\n') ? draft : `${draft}\n` }]);
      this.#putDraft(key, '');
    }
    return left.length > 0;
  }

  /** Boxes that were ticked and not carried on yet. */
  get ticks(): readonly Tick[] {
    return this.#ticks;
  }

  /** The ticks so far were carried on, with what their tasks are to be told; a longer text than may be told stays in its place. */
  dropTicks(ticks: readonly Tick[]): void {
    for (const tick of ticks) {
      const key = this.#zones.formatTick(tick);
      const { text } = tick;
      const isTold = text !== undefined && text === this.#drafts.get(key)?.trim() && text.length <= limits.maxSaidChars;
      if (isTold) this.#putDraft(key, '');
    }
    this.#ticks = this.#ticks.filter((tick) => !ticks.includes(tick));
  }

  /** Knows lines of earlier dashboards, by what {@link takeLines} told of them. */
  recallLines(hashes: readonly string[]): void {
    for (const hash of hashes) this.#lines.add(hash);
  }

  /** Hashes of lines that the board wrote since the last call, to be kept; `all` where they are all that is known. */
  takeLines(): { readonly hashes: readonly string[]; readonly all: boolean } {
    const hashes = this.#freshLines;
    this.#freshLines = [];
    if (this.#lines.size <= maxLines) return { hashes, all: false };
    this.#lines = new Set([...this.#lines].slice(-maxLines / 2));
    return { hashes: [...this.#lines], all: true };
  }

  /** Remembers a dashboard that was once written, or a save, without taking its notes for those of now. */
  remember(text: string, isSave: boolean): void {
    const stamp = this.#hashStamp(text);
    if (!isSave || !this.#written.has(stamp)) this.#rememberWritten(stamp, text);
    if (!isSave) this.#noteLines(text);
    this.#rememberNotes(text, this.#zones.extractNotes(text).notes);
  }

  /** Takes a dashboard's notes for those of now: it was just composed from them, or is the newest that is left. */
  setWritten(text: string): void {
    const { notes } = this.#zones.extractNotes(text);
    // The same string is kept where nothing changed, so that thousands of remembered notes share one.
    if (notes !== this.#notes) this.#notes = notes;
    const stamp = this.#hashStamp(text);
    this.#rememberWritten(stamp, text);
    this.#noteLines(text);
    // Its boxes are open, also where the same dashboard was ticked before.
    this.#taken.get(stamp)?.ticks.clear();
    this.#rememberNotes(text, this.#notes);
    for (const [key, draft] of this.#zones.readDrafts(text)) {
      if (!this.#drafts.has(key)) this.#putDraft(key, draft);
    }
  }

  /**
   * Takes in a save. `previous` is the last save in the same place, or null: an editor that goes on writing there, to
   * complete a save perhaps, starts from that.
   */
  takeSave(text: string, previous: string | null): void {
    const { found, notes: theirs } = this.#zones.extractNotes(text);
    const typed = this.#takeEdits(text, found, previous);
    if (!found) this.#takeMangled(text);
    else if (this.#notes === null) {
      this.#notes = theirs;
      this.#rememberNotes(text, theirs);
    } else {
      const known = this.#notesByStamp.get(this.#hashStamp(text)) ?? [];
      const base = this.#findPreviousNotes(text, previous) ?? this.#findBase(known, theirs);
      this.#notes = this.#zones.mergeNotes(base ?? '', this.#notes, theirs);
      // The editor's next save may be made from these notes; others may have the base in a buffer still.
      this.#rememberNotes(text, theirs);
    }
    if (typed.length === 0) return;
    this.#notes = this.#append(typed);
  }

  #append(texts: readonly Pick<TypedText, 'under' | 'text'>[]): string {
    return this.#zones.appendTexts(this.notes, texts, new Date().toTimeString().slice(0, 5));
  }

  /**
   * Gathers the ticks of a save and what stands at its places for text, and returns the texts that were typed elsewhere and
   * not taken before. Where it is not known what the notes are, all texts are taken for notes.
   */
  #takeEdits(text: string, hasNotes: boolean, previous: string | null): readonly TypedText[] {
    const stamp = this.#hashStamp(text);
    const written = this.#written.get(stamp);
    const known = this.#taken.get(stamp) ?? { text: '', ticks: new Set<string>() };
    const hasWritten = this.#lines.size === 0 ? null : (key: string) => this.#lines.has(hashLine(key));
    const origin =
      written === undefined ? ({ kind: 'unknown', hasWritten } as const) : ({ kind: 'exact', written } as const);
    const { ticks, texts, drafts } = this.#zones.readEdits(text, origin, known.text);
    if (hasNotes) this.#mergeDrafts(stamp, drafts, previous);
    if (written !== undefined) this.#rememberWritten(stamp, written);
    const fresh = ticks.filter((tick) => !known.ticks.has(this.#zones.formatTick(tick)));
    for (const tick of fresh) known.ticks.add(this.#zones.formatTick(tick));
    const typed = hasNotes ? texts : [];
    known.text += typed.map((each) => each.text).join('');
    if (ticks.length > 0 || typed.length > 0) keepNewest(this.#taken, stamp, known, maxWritten);
    for (const { place, text: more } of typed) {
      if (place !== null) this.#putDraft(place, `${this.#drafts.get(place) ?? ''}${more}`);
    }
    this.#ticks = [...this.#ticks, ...fresh.map((tick) => this.#withDraft(tick))];
    return typed.filter(({ place }) => place === null);
  }

  /** Each place by itself, as the notes are merged. */
  #mergeDrafts(stamp: string, drafts: ReadonlyMap<string, string>, previous: string | null): void {
    const before = previous === null || this.#hashStamp(previous) !== stamp ? null : this.#zones.readDrafts(previous);
    for (const [key, theirs] of drafts) {
      const place = `${stamp} ${key}`;
      const base = before?.get(key) ?? this.#findBase(this.#notesByStamp.get(place) ?? [], theirs) ?? '';
      const ours = this.#drafts.get(key);
      this.#putDraft(key, ours === undefined ? theirs : this.#zones.mergeNotes(base, ours, theirs));
      this.#rememberText(place, theirs);
    }
  }

  /** The tick with what its task is to be told. */
  #withDraft(tick: Tick): Tick {
    if (!isTelling(tick.kind)) return tick;
    return { ...tick, text: (this.#drafts.get(this.#zones.formatTick(tick)) ?? '').trim() };
  }

  #putDraft(key: string, draft: string): void {
    keepNewest(this.#drafts, key, draft, maxWritten);
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
    const written = this.#written.size === 0 ? null : this.#joinWritten();
    const hasWritten = (line: string) => this.#zones.keysOfLines(line).some((key) => this.#lines.has(hashLine(key)));
    this.#notes = this.#zones.mergeNotes('', this.notes, this.#zones.salvage(text, written, hasWritten));
  }

  #joinWritten(): string {
    return [...this.#written.values()].slice(-maxSearched).join('\n');
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

  /** Remembers that these were the notes of a dashboard, and what stood at its places for text. */
  #rememberNotes(text: string, notes: string): void {
    const stamp = this.#hashStamp(text);
    this.#rememberText(stamp, notes);
    for (const [key, draft] of this.#zones.readDrafts(text)) this.#rememberText(`${stamp} ${key}`, draft);
  }

  #rememberText(place: string, text: string): void {
    const known = this.#notesByStamp.get(place) ?? [];
    if (!known.includes(text)) known.push(text);
    if (known.length > maxNotesPerStamp) known.splice(1, 1);
    keepNewest(this.#notesByStamp, place, known, maxStamps);
  }

  #noteLines(written: string): void {
    const hashes = this.#zones.keysOfLines(written).map(hashLine);
    const fresh = hashes.filter((hash) => !this.#lines.has(hash));
    this.recallLines(fresh);
    this.#freshLines = [...this.#freshLines, ...fresh];
  }

  #rememberWritten(stamp: string, text: string): void {
    keepNewest(this.#written, stamp, this.#zones.putDrafts(this.#zones.replaceNotes(text, ''), new Map()), maxWritten);
  }

  #hashStamp(text: string): string {
    return createHash('sha256').update(this.#zones.extractStamp(text)).digest('base64');
  }
}

function hashLine(key: string): string {
  return createHash('sha256').update(key).digest('base64').slice(0, lineHashChars);
}
