/**
 * Places in the generated part of a dashboard where a user types what a task is to be told. Each ends at the comment of its
 * box, `<!-- tell add-auth attention 2 -->`, which is the place's key. What stands there is cut out and put back as text.
 *
 *   Answer: … the user's, over as many lines as they like …
 *   - [ ] Send this answer <!-- tell … -->
 *
 *   - [ ] Try again, and tell it: … the user's … <!-- tell … -->
 *   - [ ] Take it in, but for: … names or numbers … <!-- accept … -->
 *   - [ ] Send back `3f2c1a9`, because: … the user's … <!-- send-back … -->
 */

import { tellingKinds } from '../domain/command.ts';
import { extractGenerated } from './user-zones.ts';

/** The words before a place that has lines of its own. */
export const answerWords = 'Answer:';
/** The words of boxes whose place is in their own line. */
export const tellWords = 'Try again, and tell it:';

const acceptWords = 'Take it in, but for:';
const sendBackWords = 'Send back(?: `?[0-9a-f]{7}`?)?, because:';

const stamp = new RegExp(
  `<!-- (?:${tellingKinds.join('|')}) \\S+ \\S+ (?:-|\\d{1,6})(?: [0-9a-f]{40,64}| \\?[\\w-]{1,80})? -->`,
  'g',
);
const opening = new RegExp(
  `^(?:${answerWords}|[ \\t]*[-*+][ \\t]+\\[[ xX]\\][ \\t]+(?:${tellWords}|${acceptWords}|${sendBackWords}))`,
  'gm',
);

interface Place {
  readonly key: string;
  /** The user's part: between the words and what ends it. */
  readonly from: number;
  readonly to: number;
  /** What stands behind the comment, up to the end of its line. */
  readonly tailFrom: number;
  readonly tailTo: number;
  /** What stands there where the user typed nothing. */
  readonly blank: string;
}

/** What the user typed at each place of a dashboard, by key; empty where it is nothing but white space. */
export function readDrafts(dashboard: string): ReadonlyMap<string, string> {
  const generated = extractGenerated(dashboard);
  return new Map(findPlaces(generated).map((place) => [place.key, readDraft(generated, place)]));
}

/** The dashboard with these drafts at its places, byte for byte; a place that has none is empty. */
export function putDrafts(dashboard: string, drafts: ReadonlyMap<string, string>): string {
  const generated = extractGenerated(dashboard);
  let [text, done] = ['', 0];
  for (const place of findPlaces(generated)) {
    const draft = drafts.get(place.key) ?? '';
    const filled = draft === '' ? place.blank : fit(draft, place);
    text += generated.slice(done, place.from) + filled + generated.slice(place.to, place.tailFrom);
    done = place.tailTo;
  }
  return text + dashboard.slice(done);
}

/** A draft begins apart from the words before it, and what follows it is not on its line. */
function fit(draft: string, { blank }: Place): string {
  const begun = /^\s/.test(draft) ? draft : ` ${draft}`;
  if (blank === ' ') return /\s$/.test(begun) ? begun : `${begun} `;
  return begun.endsWith('\n') ? begun : `${begun}${blank}`;
}

function readDraft(generated: string, { from, to, tailFrom, tailTo }: Place): string {
  const [own, tail] = [generated.slice(from, to), generated.slice(tailFrom, tailTo)];
  const all = tail.trim() === '' ? own : own + tail;
  return all.trim() === '' ? '' : all;
}

function findPlaces(generated: string): readonly Place[] {
  const places: Place[] = [];
  let searched = 0;
  for (const found of generated.matchAll(stamp)) {
    const opened = [...generated.slice(searched, found.index).matchAll(opening)].at(-1);
    const tailFrom = found.index + found[0].length;
    const lineEnd = generated.slice(tailFrom).search(/\r?\n|$/);
    if (opened !== undefined) {
      const isAnswer = opened[0] === answerWords;
      const from = searched + opened.index + opened[0].length;
      const to = isAnswer ? generated.lastIndexOf('\n', found.index) + 1 : found.index;
      const blank = isAnswer ? '\n\n' : ' ';
      if (to >= from) places.push({ key: found[0], from, to, tailFrom, tailTo: tailFrom + lineEnd, blank });
    }
    searched = tailFrom;
  }
  return places;
}
