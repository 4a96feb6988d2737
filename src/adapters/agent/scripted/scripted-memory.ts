/** The scripted agent's memory of its session, so that a resumed one goes on where it was. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { asNumber, asString, parseObject } from '../../machine/json-shape.ts';

const memoryName = 'session.json';

/** See the file's head. */
export interface SessionMemory {
  readonly session: string;
  readonly script: string;
  /** The number of the script's lines that are done. */
  readonly next: number;
  /** It went through to its end once: questions were answered and are not asked again. */
  readonly finished: boolean;
}

/** Where a session is remembered: in the folders of the task's runs. */
export interface MemoryPlace {
  /** `runs/TASK/`, absolute. */
  readonly taskFolder: string;
  readonly run: number;
}

/** The place that the environment tells of, or null outside a board. */
export function findMemoryPlace(env: NodeJS.ProcessEnv): MemoryPlace | null {
  const board = env['BRANCHBOARD_BOARD'];
  const [task, run] = env['BRANCHBOARD_RUN']?.split('/') ?? [];
  if (board === undefined || task === undefined || run === undefined) return null;
  return { taskFolder: path.join(board, 'runs', task), run: Number(run) };
}

/** The memory of a session in the newest of the task's earlier runs, or null. */
export function recall(place: MemoryPlace | null, session: string): SessionMemory | null {
  if (place === null) return null;
  for (let run = place.run - 1; run > 0; run -= 1) {
    const memory = readMemory(path.join(place.taskFolder, String(run), memoryName));
    if (memory?.session === session) return memory;
  }
  return null;
}

/** Keeps what this run remembers; a failure is passed over, as it only makes a resumed session begin again. */
export function remember(place: MemoryPlace | null, memory: SessionMemory): void {
  if (place === null) return;
  try {
    const file = path.join(place.taskFolder, String(place.run), memoryName);
    writeFileSync(file, `${JSON.stringify(memory)}\n`, { mode: 0o600 });
  } catch {
    // See above.
  }
}

function readMemory(file: string): SessionMemory | null {
  try {
    const memory = parseObject(readFileSync(file, 'utf8'));
    const session = asString(memory?.['session']);
    const script = asString(memory?.['script']);
    if (session === null || script === null) return null;
    const finished = memory?.['finished'] === true;
    return { session, script, next: asNumber(memory?.['next']) ?? 0, finished };
  } catch {
    return null;
  }
}
