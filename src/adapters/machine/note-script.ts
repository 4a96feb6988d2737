/**
 * How an agent at work is told a note: Claude Code runs {@link noteScript} after each tool call, as a hook, and shows the
 * agent what it prints. It takes the first note that waits, by a rename, so that of two calls at once one has it; the
 * rename is the proof that it was told. The script needs no board, is the same for every run, and asks no PATH that
 * somebody else may have set. Of the user's words it knows nothing but a line to print.
 */
import { join } from 'node:path';

/** The folder of a task's notes, in the folder of its runs. */
export function notesFolderOf(taskRuns: string): string {
  return join(taskRuns, 'notes');
}

/** The endings of notes that wait, of answers that a call waits for, and of what an agent at work was told. */
export const noteEndings = { waits: '.note', answers: '.answer', read: '.read' } as const;

/** It holds no single quote, so that one pair quotes it. */
const noteScript = `
cd "$1" 2>/dev/null || exit 0
for note in *${noteEndings.waits}; do
  read="\${note%${noteEndings.waits}}${noteEndings.read}"
  [ -f "$note" ] && command -p mv "$note" "$read" 2>/dev/null || continue
  IFS= read -r shown < "$read" || exit 0
  printf "{\\"hookSpecificOutput\\":{\\"hookEventName\\":\\"%s\\",\\"additionalContext\\":%s}}\\n" "$2" "$shown"
  exit 0
done
`;

/** The program with its arguments that prints the first note that waits in a folder, for a hook of this event; nothing where none does. */
export function noteCommand(folder: string, event: string): readonly [string, ...string[]] {
  return ['/bin/sh', '-c', noteScript, 'branchboard-note', folder, event];
}
