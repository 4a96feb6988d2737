/** `status`: the board now, running or not. */
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import { readBoardData } from '../read-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { print, printJson, type Verb } from '../verb.ts';
import { cutLine, wrapLine } from '../view/cut-line.ts';

const maxDoneShown = 20;
const defaultColumns = 120;

/** The verb `status`. */
export const statusCommand: Verb = (command) =>
  command.option('--json', 'as data').action(async (options: GlobalOptions & { readonly json?: boolean }) => {
    const place = await findPlace(options);
    const { data, waiting } = await readBoardData(place);
    if (options.json === true) {
      printJson(data);
      return;
    }
    const { formatBoard } = await import('../view/board-text.ts');
    const columns = process.stdout.isTTY ? process.stdout.columns : defaultColumns;
    const lines = formatBoard(data, { now: Date.now(), maxDone: maxDoneShown, waiting });
    const foot = lines.at(-1) ?? '';
    for (const line of lines.slice(0, -1)) print(await cutLine(line, columns));
    print(await wrapLine(foot, columns));
    for (const problem of data.problems)
      print(`${problem.severity === 'error' ? 'refused' : 'warning'}: ${formatDiagnostic(problem)}`);
    if (data.omittedProblems > 0) print(`… and ${data.omittedProblems} more`);
  });
