/** Calls of a daemon to its ports: they take time, fail, or are the last thing that the daemon did. */
import { PortError } from '../../src/ports.ts';
import type { Life, World } from './world.ts';

/** What is special about a call. */
export interface CallOptions {
  /** Takes up to seconds. */
  readonly slow?: boolean;
  /** Waits for the calls of this kind before it. */
  readonly alone?: boolean;
  /** The contract promises that it does not throw. */
  readonly safe?: boolean;
  /** What else happens when the daemon dies in it. */
  readonly onCrash?: () => void;
  /** Told of an injected fault. */
  readonly onFault?: () => void;
}

/** Makes one call: `act` is what it does to the world. It never resolves for a daemon that is dead. */
export type Call = <Value>(name: string, act: () => Value, options?: CallOptions) => Promise<Value>;

/** Calls that write. */
const writes = new Set([
  ...[
    'accept',
    'move',
    'rewrite',
    'write-plan',
    'write-record',
    'write-report',
    'write-prompt',
    'write-verdict',
    'write-review',
  ],
  ...[
    'write-pause',
    'write-hold',
    'write-data',
    'update-dashboard',
    'journal',
    'prepare',
    'keep',
    'release',
    'start',
    'set-aside',
  ],
]);

const faultCodes = ['ENOSPC', 'EACCES', 'EIO', 'EMFILE', null] as const;

/** The calls of one daemon. */
export function makeCall(world: World, life: Life, kill: () => void): Call {
  const { random, time } = world;
  let aloneUntil = 0;
  return (name, act, options = {}) =>
    new Promise((resolve, reject) => {
      if (!life.alive) return;
      const perform = () => {
        if (!life.alive) return;
        if (world.meddle !== null && random.chance(world.weather.meddle)) world.meddle();
        if (random.chance(world.weather.crash)) {
          const isDone = random.chance(0.5);
          world.note(() => `crash of daemon ${life.number} in ${name}, ${isDone ? 'after' : 'before'} it was done`);
          if (isDone) attempt(act);
          else options.onCrash?.();
          kill();
          return;
        }
        if (options.safe !== true && random.chance(world.weather.fault)) {
          const code = random.pick(faultCodes);
          world.note(() => `fault ${code ?? ''} in ${name}`);
          options.onFault?.();
          reject(new PortError(`${name} failed: ${code ?? 'for no reason'}`, code === null ? {} : { code }));
          return;
        }
        if (world.diskFull && writes.has(name)) {
          world.note(() => `no room for ${name}`);
          options.onFault?.();
          reject(new PortError(`${name}: ENOSPC`, { code: 'ENOSPC' }));
          return;
        }
        try {
          resolve(act());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const isTimed = options.alone === true || options.slow === true || random.chance(0.3);
      if (!isTimed) {
        perform();
        return;
      }
      const takesMs = options.slow === true ? random.int(1, 3_000) : random.int(1, random.chance(0.05) ? 2_000 : 20);
      if (options.alone !== true) {
        time.after(takesMs, perform);
        return;
      }
      aloneUntil = Math.max(aloneUntil, time.now) + takesMs;
      time.after(aloneUntil - time.now, perform);
    });
}

function attempt(act: () => unknown): void {
  try {
    act();
  } catch {
    // Nobody is left to be told.
  }
}
