/** Words for what lies among the tasks' files and is no task: a few of a kind by name, and how many more there are. */
import type { BoardScan, Stray } from '../domain/board.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { formatCommand } from '../domain/task.ts';
import type { Draft } from './draft.ts';

/** So many of one kind in one folder are told by name. */
const maxNamed = 3;

/** A line for each, in the order of `strays`; a folder with many of one kind has a last line that counts the others. */
export function describeStrays(strays: BoardScan['strays']): readonly Diagnostic[] {
  const kinds = new Map<string, [path: string, stray: Stray][]>();
  for (const [path, stray] of strays) {
    const kind = [path.slice(0, path.indexOf('/')), stray.kind, 'what' in stray ? stray.what : ''].join('/');
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, [[path, stray]]);
    else known.push([path, stray]);
  }
  return [...kinds.values()].flatMap((alike) => {
    if (alike.length <= maxNamed + 1) return alike.map(([path, stray]) => describe(path, stray));
    return [
      ...alike.slice(0, maxNamed).map(([path, stray]) => describe(path, stray)),
      ...alike.slice(-1).map(([path]) => countOthers(path, alike.length - maxNamed)),
    ];
  });
}

/** Keeps what is to be said of the strays of a scan, and adds those to the history that the scan before did not find. */
export function noteStrays(draft: Draft, { strays }: BoardScan, before: BoardScan | null): void {
  const fresh = new Map([...strays].filter(([path]) => before?.strays.has(path) !== true));
  if (fresh.size === 0 && strays.size === (before?.strays.size ?? 0)) return;
  draft.set({ passedOver: describeStrays(strays) });
  const [name] = fresh.keys();
  if (name !== undefined) draft.journal({ type: 'inbox-rejected', name, diagnostics: describeStrays(fresh) });
}

function describe(path: string, stray: Stray): Diagnostic {
  const file = `.orchestrator/${path}`;
  switch (stray.kind) {
    case 'never-read':
      return {
        severity: 'error',
        file,
        message: `this is ${stray.what}, which is never read`,
        expected: 'a regular markdown file',
        hint: 'The board leaves it alone; it belongs somewhere else.',
      };
    case 'copy':
      return {
        severity: 'error',
        file,
        message: `its name is that of a copy of \`${stray.of}\`, as sync tools and browsers make them, so it is not run`,
        hint: `If it is a task of its own, give it a name of its own: ${moveTo(file, '.orchestrator/inbox/NAME.md')}`,
      };
    case 'no-id':
      return {
        severity: 'error',
        file,
        message: 'its name is no id, so that no task is behind it',
        hint: `To have it run: ${moveTo(file, '.orchestrator/inbox/')}`,
      };
  }
}

function moveTo(file: string, target: string): string {
  return formatCommand(['mv', file, target]);
}

function countOthers(path: string, count: number): Diagnostic {
  const folder = path.slice(0, path.indexOf('/') + 1);
  return { severity: 'error', file: `.orchestrator/${folder}`, message: `${count} more like this` };
}
