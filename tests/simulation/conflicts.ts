/** Conflicts of what tasks build on, in the simulated repository: which there are, and what became of them. */
import type { BaseConflict, MergeEvidence } from '../../src/domain/base-conflict.ts';
import type { BaseRequest } from '../../src/domain/effect.ts';
import type { RunPlan } from '../../src/domain/run.ts';
import type { Prng } from './prng.ts';

export class Conflicts {
  readonly #isConflict = new Map<string, boolean>();
  readonly #resolved = new Set<string>();
  /** Commits that were looked at and hold all of both sides. */
  readonly #sound = new Set<string>();
  readonly #random: Prng;

  constructor(random: Prng) {
    this.#random = random;
  }

  /** The commit that a task starts from, or the conflict that it would start from. */
  find(
    { dependencies }: BaseRequest,
    trouble: number,
  ): { readonly base: string } | { readonly conflict: BaseConflict } {
    if (dependencies.length < 2) return { base: 'base' };
    const commit = `conflict of ${dependencies.map(({ id, tip }) => `${id}@${tip ?? ''}`).join(' and ')}`;
    const isConflict = this.#isConflict.get(commit) ?? this.#random.chance(trouble);
    // The user may merge one into the other by hand.
    this.#isConflict.set(commit, isConflict && !this.#random.chance(0.1));
    if (!isConflict) return { base: 'base' };
    if (this.#resolved.has(commit)) return { base: `resolved: ${commit}` };
    return { conflict: { sides: ['task/a', 'task/b'], files: ['a.txt'], commit } };
  }

  /** What is found of an agent's resolution. */
  inspect({ task, conflict }: RunPlan, tip: string, trouble: number): MergeEvidence | null {
    if (conflict === null) return null;
    const marked = this.#random.chance(trouble / 2) ? ['a.txt'] : [];
    const losses = this.#random.chance(trouble / 4) ? [{ side: 'task/a', path: 'a.txt', line: 'one' }] : [];
    const isSound = marked.length === 0 && losses.length === 0;
    if (isSound) this.#sound.add(`${task} ${conflict.commit} ${tip}`);
    else this.#sound.delete(`${task} ${conflict.commit} ${tip}`);
    return { marked, losses, beside: [] };
  }

  /** Keeps a resolution; why it must not be, or null. */
  keep(task: string, { commit }: BaseConflict, tip: string): string | null {
    if (!this.#sound.has(`${task} ${commit} ${tip}`))
      return `${task} keeps ${tip}, which is no resolution of ${commit}`;
    this.#resolved.add(commit);
    return null;
  }
}
