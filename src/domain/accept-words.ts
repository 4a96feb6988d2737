/**
 * Reads the words that a user types behind the box of a plan: the names or numbers of subtasks that they don't want; below
 * that, lines that begin with a name or number and a colon, and tell that subtask something.
 *
 *   Take it in, but for: docs, 4
 *   schema: Use SQLite.
 */

/** Words of the user's for one of the proposals. */
export interface SaidToProposal {
  /** Its name or number. */
  readonly name: string;
  readonly text: string;
}

const addressed = /^\s*(?:[-*]\s+)?`?([A-Za-z0-9][\w.-]*)`?:\s*(.*)$/;

/** See the file's head. A line without a name goes on with what the one before says. */
export function readAcceptWords(text: string): {
  readonly without: readonly string[];
  readonly said: readonly SaidToProposal[];
} {
  const without: string[] = [];
  const said: { name: string; text: string }[] = [];
  for (const line of text.split('\n')) {
    const [, name, words = ''] = addressed.exec(line) ?? [];
    const last = said.at(-1);
    if (name !== undefined) said.push({ name, text: words.trim() });
    else if (last !== undefined) last.text = `${last.text}\n${line.trimEnd()}`;
    else without.push(...line.split(/[\s,]+/).filter((word) => word !== ''));
  }
  return { without, said: said.map((each) => ({ ...each, text: each.text.trim() })) };
}
