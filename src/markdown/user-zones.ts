/**
 * The part of the dashboard that belongs to the user: everything below the User Notes heading and its hint. It is cut
 * out and put back as text, never through a markdown printer, so that it stays what it was, byte for byte.
 */
import { mergeLines } from './line-merge.ts';

export { countChanges } from './line-merge.ts';

/** The heading above the user's notes. Nothing generated stands below its section. */
export const notesHeading = '## User Notes';

/** The generated line below the heading. */
export const notesHint =
  '(Context and priorities for every task that starts from now on. `@task-id: …` goes to that task alone.)';

const headingPattern = /^ {0,3}#{1,6}[ \t]+user notes[ \t]*#*[ \t]*\r?(?:\n|$)/im;

/** The hint, also where an editor broke it into lines anew, with the rest of its last line if that is blank. */
const hintPattern = new RegExp(
  `^\\s*${notesHint
    .split(' ')
    .map((word) => word.replace(/[^\w\s]/gu, '\\$&'))
    .join('\\s+')}(?:[ \\t]*\\r?\\n)?`,
);

interface Split {
  /** All before the heading. */
  readonly generated: string;
  /** Null where there is no heading. */
  readonly notes: string | null;
}

function splitDashboard(dashboard: string): Split {
  const heading = headingPattern.exec(dashboard);
  if (heading === null) return { generated: dashboard, notes: null };
  const generated = dashboard.slice(0, heading.index);
  const below = dashboard.slice(heading.index + heading[0].length);
  // A file that was cut in the middle of the hint holds no notes.
  const words = below.trim();
  if (words !== '' && words !== notesHint && notesHint.startsWith(words)) return { generated, notes: '' };
  const notes = below.slice(hintPattern.exec(below)?.[0].length ?? 0);
  return { generated, notes: notes.replace(/^\r?\n/, '') };
}

/**
 * The user's notes in a dashboard: what is below the first User Notes heading, its hint and one blank line. The
 * heading's level and case, line ends and a missing hint don't matter. Not found: no such heading, and no notes.
 */
export function extractNotes(dashboard: string): { found: boolean; notes: string } {
  const { notes } = splitDashboard(dashboard);
  return { found: notes !== null, notes: notes ?? '' };
}

/** All that stands above the User Notes heading. */
export function extractGenerated(dashboard: string): string {
  return splitDashboard(dashboard).generated;
}

/** The dashboard with these notes in the place of those it has; its User Notes section is made where it has none. */
export function replaceNotes(dashboard: string, notes: string): string {
  const { generated } = splitDashboard(dashboard);
  const gap = generated === '' || generated.endsWith('\n') ? '' : '\n';
  return `${generated}${gap}${notesHeading}\n${notesHint}\n${notes === '' ? '' : `\n${notes}`}`;
}

/**
 * What tells one generated dashboard from another: its status line, with the time in it; where an editor broke that, all
 * above the first section. An editor's buffer carries it along, so that a save tells which dashboard it was made from.
 */
export function extractStamp(dashboard: string): string {
  const end = /^##/m.exec(dashboard)?.index ?? dashboard.length;
  const head = dashboard.slice(0, end);
  return (
    head
      .split('\n')
      .map((line) => line.trim())
      .find(isStatusLine) ?? head.replace(/\s+/g, ' ').trim()
  );
}

/** Whether a line is the one below the title, which tells of the moment in which a dashboard was written. */
export function isStatusLine(line: string): boolean {
  return /^[_*](?:Running|Paused|Stopped).* · updated [\d: -]+[_*]$/.test(line);
}

/**
 * The notes with both sides' changes to `base`. Nothing that a side wrote is dropped: where both changed the same
 * lines both stay, theirs below ours. Merging the same notes again changes nothing.
 */
export function mergeNotes(base: string, ours: string, theirs: string): string {
  return mergeLines(base, ours, theirs);
}

/**
 * What the user wrote in a dashboard that has lost its User Notes heading: its lines that are no lines of what was
 * written last, or with `hasWritten` ever, in their order, with the blank lines between them. All of it where nothing is
 * known to be generated.
 */
export function salvage(
  current: string,
  lastWritten: string | null,
  hasWritten: (line: string) => boolean = () => false,
): string {
  if (lastWritten === null) return current;
  const written = new Set(lastWritten.split(/\r?\n/));
  const lines = current.split('\n');
  const cutLine = lines.at(-1) ?? '';
  const isGenerated = (line: string, index: number) =>
    written.has(line.replace(/\r$/, '')) ||
    hasWritten(line) ||
    // The last line of a file that was cut short is a piece of a line that was written.
    (index === lines.length - 1 && [...written].some((known) => known.startsWith(cutLine)));
  const kept: string[] = [];
  let blanks: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') {
      if (index < lines.length - 1) blanks.push(line);
    } else if (isGenerated(line, index)) {
      blanks = [];
    } else {
      if (kept.length > 0) kept.push(...blanks);
      blanks = [];
      kept.push(line);
    }
  }
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`;
}
