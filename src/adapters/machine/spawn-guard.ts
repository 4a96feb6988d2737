/**
 * Where descriptors have run out (EMFILE, ENFILE), node's `spawn` gives a child without streams, emits its `error` later,
 * and keeps the pipes that it had made so far. Whoever touches the streams first, as simple-git and execa do, fails
 * before it listens, and an `error` that nobody hears ends the process. So such a spawn throws at once, with its code,
 * as node's own does where memory has run out.
 *
 * Node has no better place for this than the method through which all its spawns go; where it should lack that method
 * one day, everything is as it was.
 */
import { ChildProcess } from 'node:child_process';
import { getSystemErrorName } from 'node:util';
import { z } from 'zod';

/** The options that `spawn` is called with; it puts what it makes of `stdio` in their place. */
interface SpawnOptions {
  readonly stdio?: unknown;
}

interface Spawner {
  spawn: (this: ChildProcess, options: SpawnOptions) => unknown;
}

/** A pipe among what node made for a child. */
const pipe = z.object({ type: z.literal('pipe'), handle: z.custom<{ close(): void }>(hasClose) });

let isGuarded = false;

/** Makes every spawn of this process that lacks descriptors throw an error with its code. */
export function guardSpawns(): void {
  const prototype: object = ChildProcess.prototype;
  if (isGuarded || !canSpawn(prototype)) return;
  isGuarded = true;
  const { spawn } = prototype;
  prototype.spawn = function spawnGuarded(options) {
    const result = spawn.call(this, options);
    const code = typeof result === 'number' && result < 0 ? getSystemErrorName(result) : null;
    if (code !== 'EMFILE' && code !== 'ENFILE') return result;
    this.on('error', () => undefined);
    closePipes(options.stdio);
    throw Object.assign(new Error(`spawn ${this.spawnfile} ${code}: too many files are open (ulimit -n)`), { code });
  };
}

function hasClose(handle: unknown): boolean {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}

function canSpawn(prototype: object): prototype is Spawner {
  return 'spawn' in prototype && typeof prototype.spawn === 'function';
}

function closePipes(stdio: unknown): void {
  if (!Array.isArray(stdio)) return;
  for (const { data } of stdio.map((each) => pipe.safeParse(each))) data?.handle.close();
}
