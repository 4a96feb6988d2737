/** What the board tries again and again is told once when it fails, until it fails in another way or succeeds. */
import type { Effect } from '../domain/effect.ts';

/** Effects that are asked for at each look, or tried until they succeed. */
const isTriedForEver: ReadonlySet<Effect['type']> = new Set(['load-task', 'read-verdicts', 'write-hold', 'set-aside']);

/** Remembers why each of them failed the last time. */
export class Repeats {
  readonly #told = new Map<string, string>();

  /** Whether that failure of an effect was told already. */
  isKnown(effect: Effect, message: string): boolean {
    if (!isTriedForEver.has(effect.type)) return false;
    const name = nameEffect(effect);
    const isKnown = this.#told.get(name) === message;
    this.#told.set(name, message);
    return isKnown;
  }

  /** The effect succeeded: its next failure is told. */
  forget(effect: Effect): void {
    this.#told.delete(nameEffect(effect));
  }
}

function nameEffect(effect: Effect): string {
  return 'file' in effect ? `${effect.type} ${effect.file.column}/${effect.file.name}` : effect.type;
}
