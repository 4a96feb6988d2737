/** Shows a file of the inbox that is no task of the board yet: whether it is refused, held back, or waits for its turn. */
import { formatDiagnostic } from '../domain/diagnostic.ts';
import { idOfName } from '../domain/slug.ts';
import { cleanLine } from '../markdown/safe-text.ts';
import { describeWhy } from '../views/pause-words.ts';
import type { BoardData } from '../views/board-data.ts';
import type { WaitingFile } from './inbox-files.ts';
import type { Place } from './place.ts';
import { readBoardData } from './read-board.ts';
import { print, printJson } from './verb.ts';

/** See the file's head; `asData` prints it as JSON. */
export async function showInboxFile(place: Place, file: WaitingFile, asData: boolean): Promise<void> {
  const { data } = await readBoardData(place);
  const { name, shownAs, task } = file;
  const id = task?.spec.id ?? idOfName(name);
  const title = task?.spec.title ?? null;
  // The board knows more than the file tells, such as that its id is in use; it lists the first problems alone.
  const known = data.problems.filter((problem) => problem.file === shownAs);
  const problems = known.length > 0 ? known : file.errors;
  if (asData) {
    printJson({ version: 2, id, column: 'inbox', file: shownAs, title, problems });
    return;
  }
  const state = problems.length > 0 ? 'refused' : 'not taken in yet';
  print(`${title === null ? name : cleanLine(title)} (${id}) · in the inbox, ${state}`);
  print(`File: ${cleanLine(shownAs)}`);
  for (const problem of problems) print(`refused: ${formatDiagnostic(problem)}`);
  print(`\n${problems.length > 0 ? describeWayOn(data) : describeWait(data)}`);
}

function describeWayOn({ daemon }: BoardData): string {
  const again = 'Save it again once it is mended, and the board looks at it again';
  return daemon.running ? `${again}.` : `${again} at its next start: branchboard start`;
}

function describeWait({ daemon, paused }: BoardData): string {
  if (!daemon.running) return 'No board runs that would take it in: branchboard start';
  if (paused?.reason === 'disk-full') return `It is held back: ${describeWhy(paused.reason)}.`;
  return 'The board takes it in once nothing was written to it for a moment.';
}
