/** Whether the board last found that it can confine agents, for commands that look at a board from outside. */
import { readRegular } from '../adapters/machine/regular-file.ts';
import type { BoardData } from '../views/board-data.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Settings } from '../domain/settings.ts';
import type { Place } from './place.ts';

/** The sandbox as `queue.json` tells; null where no board tried it yet. */
export async function recallSandbox({ layout }: Place, settings: Settings): Promise<Sandbox | null> {
  if (settings.sandbox.mode === 'off') return { kind: 'off' };
  switch (await readKind(layout.boardData)) {
    case 'on':
      return { kind: 'on' };
    case 'off':
      return { kind: 'off' };
    case 'missing':
      return { kind: 'missing', why: 'the board found none', hint: 'Type: branchboard doctor' };
    default:
      return null;
  }
}

async function readKind(path: string): Promise<unknown> {
  try {
    return (JSON.parse(await readRegular(path)) as Partial<BoardData> | null)?.sandbox;
  } catch {
    return undefined;
  }
}
