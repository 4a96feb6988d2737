/**
 * Describes a ref that moved while an agent ran, with the command that undoes it. The board undoes nothing by itself.
 */
import { quote } from 'shell-quote';
import type { MovedRef } from '../domain/moved-ref.ts';

/** An object's id is shown so long. */
const shownIdChars = 12;

/** One line; what is to be typed stands in backticks. */
export function describeMoved(moved: MovedRef): string {
  const { ref, from, to, checkout } = moved;
  const what = `${nameKind(ref)}${ref === 'HEAD' ? ` of ${checkout ?? 'the checkout'}` : ` ${shortenRef(ref)}`}`;
  if (from === to) {
    const look = quote(['git', '-C', checkout ?? '.', 'reflog']);
    return `${what} was reset while the agent ran, by its git commands there, and is at ${shorten(to)} as before. Changes that were not committed there may be gone. To see what it did: \`${look}\``;
  }
  if (ref === 'refs/stash') return describeStash(moved);
  const undo = `To undo it: \`${quote([...undoMoved(moved)])}\``;
  if (from === null) return `${what} was made while the agent ran, at ${shorten(to)}. ${undo}`;
  if (to === null) return `${what} was deleted while the agent ran; it was at ${shorten(from)}. ${undo}`;
  const look = nameKind(ref) === 'The branch' ? ` (to look first: \`${quote(['git', 'reflog', ref])}\`)` : '';
  return `${what} moved from ${shorten(from)} to ${shorten(to)} while the agent ran. ${undo}${look}`;
}

/** It is one for all checkouts, so that the agent may have stashed the user's changes, or have dropped what they stashed. */
function describeStash({ from, to }: MovedRef): string {
  const lost = from === null ? '' : ` What was stashed last before: \`git stash apply ${from}\`.`;
  if (to === null) return `The agent took the last stash away.${lost}`;
  return `The agent stashed changes, or took stashed ones away. To see what is there: \`git stash list\`; to put the last ones back where they were: \`git stash pop\`.${lost}`;
}

/** The command that puts it back, as words. */
function undoMoved({ ref, from, to, checkout }: MovedRef): readonly string[] {
  const name = shortenRef(ref);
  if (ref === 'HEAD') {
    const target = from?.startsWith('refs/heads/') === true ? [shortenRef(from)] : ['--detach', from ?? 'HEAD'];
    return ['git', '-C', checkout ?? '.', 'switch', ...target];
  }
  // A name that would be taken for an option, and whatever else is no branch or tag.
  const isPlain = !name.startsWith('-') && nameKind(ref) !== 'The ref';
  if (!isPlain) return from === null ? ['git', 'update-ref', '-d', ref] : ['git', 'update-ref', ref, from];
  if (ref.startsWith('refs/tags/'))
    return from === null ? ['git', 'tag', '-d', name] : ['git', 'tag', '-f', name, from];
  if (from === null) return ['git', 'branch', '-D', name];
  if (to === null) return ['git', 'branch', name, from];
  // Of a branch that is checked out the files are still those of before.
  return checkout === null ? ['git', 'branch', '-f', name, from] : ['git', '-C', checkout, 'reset', '--soft', from];
}

function nameKind(ref: string): string {
  if (ref === 'HEAD') return 'The HEAD';
  if (ref.startsWith('refs/heads/')) return 'The branch';
  return ref.startsWith('refs/tags/') ? 'The tag' : 'The ref';
}

function shortenRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, '');
}

function shorten(place: string | null): string {
  if (place === null) return 'nowhere';
  return place.startsWith('refs/') ? shortenRef(place) : place.slice(0, shownIdChars);
}
