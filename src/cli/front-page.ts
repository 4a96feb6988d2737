/** `branchboard` without a verb: how things stand here, and what to type next. */
import type { TaskData } from '../views/board-data.ts';
import type { PauseReason } from '../domain/run.ts';
import { CliError } from './exit-code.ts';
import { findPlace, type Place } from './place.ts';
import { readBoardData, type KnownBoard } from './read-board.ts';
import { print } from './verb.ts';
import { readVersion } from './version.ts';
import { cutLine, wrapLine } from './view/cut-line.ts';

/** A line to type, and what it does. */
export interface NextStep {
  readonly line: string;
  readonly does: string;
}

const defaultColumns = 120;
const maxDoneShown = 3;
/** As many tasks are named of each kind. */
const maxNamed = 2;

const demo: NextStep = { line: 'branchboard demo', does: 'shows a board at work: no login, no model' };

/** Prints the page for the current folder. */
export async function printFrontPage(): Promise<void> {
  print(`branchboard ${readVersion()}: a task board made of files that runs Claude Code\n`);
  const place = await findPlace({}).catch((error: unknown) => {
    if (error instanceof CliError) return error;
    throw error;
  });
  if (place instanceof CliError) {
    print(`${place.message.charAt(0).toUpperCase()}${place.message.slice(1)}.`);
    const way = place.hint === null ? [] : [{ line: place.hint.replace(/^Type: /, ''), does: '' }];
    printSteps([...way, demo]);
    return;
  }
  await printBoard(place);
}

async function printBoard(place: Place): Promise<void> {
  const board = await readBoardData(place);
  const { formatBoard } = await import('./view/board-text.ts');
  const columns = process.stdout.isTTY ? process.stdout.columns : defaultColumns;
  const lines = formatBoard(board.data, { now: Date.now(), maxDone: maxDoneShown, waiting: board.waiting });
  for (const line of lines.slice(0, -1)) print(await cutLine(line, columns));
  print(await wrapLine(lines.at(-1) ?? '', columns));
  printSteps(listNextSteps(board));
}

function printSteps(steps: readonly NextStep[]): void {
  const width = Math.max(...steps.map(({ line }) => line.length));
  print('\nNext:');
  for (const { line, does } of steps) print(`  ${line.padEnd(width)}   ${does}`.trimEnd());
  print('\nAll commands: branchboard --help');
}

/** What ends a hold that only the user can end. */
function listRemedies(reason: PauseReason | null): readonly NextStep[] {
  switch (reason) {
    case 'auth':
      return [{ line: 'claude', does: 'to log in: type /login there, since agents are not logged in' }];
    case 'no-agent':
      return [{ line: 'branchboard doctor', does: 'looks for claude, which was not found' }];
    default:
      return [];
  }
}

/** What can be done next on a board, the most urgent first. */
export function listNextSteps({ data, waiting }: KnownBoard): readonly NextStep[] {
  const of = (fits: (task: TaskData) => boolean) => data.tasks.filter(fits).slice(0, maxNamed);
  const { running } = data.daemon;
  const canRun = waiting > 0 || data.tasks.some(({ column }) => column === 'queued' || column === 'active');
  const steps: readonly NextStep[] = [
    ...of(({ column }) => column === 'attention').map(({ id }) => ({
      line: `branchboard show ${id}`,
      does: 'says why it waits for you, and what you can do',
    })),
    ...of(({ asksFor }) => asksFor.length > 0).map(({ id }) => ({
      line: `branchboard grant ${id}`,
      does: 'gives it the rights that its file asks for',
    })),
    ...(data.problems.length > 0 ? [{ line: 'branchboard status', does: 'says why files are refused' }] : []),
    ...(data.paused?.reason === 'user' ? [{ line: 'branchboard resume', does: 'ends your pause' }] : []),
    ...listRemedies(data.paused?.reason ?? null),
    ...(canRun && !running ? [{ line: 'branchboard start', does: 'runs the board' }] : []),
    ...of(({ column, mergedAt }) => column === 'done' && mergedAt === null).map(({ id, branch }) => ({
      line: branch === null ? `branchboard show ${id}` : `branchboard diff ${id}`,
      does:
        branch === null ? 'shows what it led to' : `shows its work; branchboard show ${id} says how to take it over`,
    })),
    ...of(({ column }) => column === 'active').map(({ id }) => ({
      line: `branchboard logs ${id} -f`,
      does: 'follows its agent',
    })),
  ];
  const add = {
    line: 'branchboard add "Add a login page"',
    does: 'adds a task; or drop a markdown file into .orchestrator/inbox/',
  };
  if (data.tasks.length > 0 || waiting > 0) return steps.length > 0 ? steps : [add];
  return [...steps, add, ...(running ? [] : [{ line: 'branchboard start', does: 'runs the board' }]), demo];
}
