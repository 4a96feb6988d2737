/** Faults of the board's own, put into the built program by a module that is loaded before it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ScratchBoard } from './board.ts';

/** The message of the fault that {@link injectFault} injects. */
export const faultMessage = 'an injected fault of the reducer';

/**
 * An environment in which the reducer throws whenever it makes `broken` a queued task, as long as the file that
 * `board.gate('fault')` names is there. All that the reducer knows of live tasks is in a Map by the task's key.
 */
export function injectFault(board: ScratchBoard): Readonly<Record<string, string>> {
  const text = `
import { existsSync } from 'node:fs';
const { set } = Map.prototype;
Map.prototype.set = function (key, value) {
  if (key === 'broken' && value?.state === 'queued' && existsSync(${JSON.stringify(board.gate('fault'))})) {
    throw new Error(${JSON.stringify(faultMessage)});
  }
  return set.call(this, key, value);
};
`;
  board.open('fault');
  return preload(board, 'fault', text);
}

/** An environment in which every Node.js program loads a module with that text first. */
export function preload(board: ScratchBoard, name: string, text: string): Readonly<Record<string, string>> {
  const path = join(board.root, `${name}.mjs`);
  if (!existsSync(path)) writeFileSync(path, text);
  return { NODE_OPTIONS: `--import=${pathToFileURL(path).href}` };
}
