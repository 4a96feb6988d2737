/** A restack that a kill breaks off at any step is gone on with: the branch moves once, and the facts say so in the end. */
import { expect, it } from 'vitest';
import { restackWork } from '../../src/daemon/restack-work.ts';
import type { MergePorts } from '../../src/daemon/merge-work.ts';
import { openReview, type RestackRecord, type Review } from '../../src/domain/review.ts';
import type { CommandId } from '../../src/domain/command.ts';
import type { RunPlan } from '../../src/domain/run.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { noFacts } from '../../src/domain/task-facts.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { planFor, taskId } from '../adapters/git/scratch.ts';
import { makeVerdict } from '../markdown/verdict.ts';

const task = taskId('b');
const size = { commits: 1, diffstat: { files: 1, insertions: 1, deletions: 0 }, changesWhatRuns: [] };
const made: RestackRecord = { from: 'old', base: 'new base', tip: 'new' };

/** What is on disk. A call past `room` is the one that the kill comes before; the others are done. */
class Disk {
  branch = 'old';
  moves = 0;
  /** The one that may have been broken off, as git was asked last. */
  begun: RestackRecord | null = null;
  plan: RunPlan = planFor(task, { kind: 'branch', path: '/trees/b', base: 'old base', branch: 'task/b' });
  verdict: Verdict = makeVerdict({ branch: 'task/b', base: 'old base', tip: 'old' });
  review: Review = openReview(1);

  async restack(room: number, tip = 'old'): Promise<string> {
    let left = room;
    const durable = (change: () => void): Promise<void> => {
      if (left-- <= 0) return Promise.reject(new Error('killed'));
      change();
      return Promise.resolve();
    };
    const ports = {
      files: {
        readFacts: () => Promise.resolve({ ...noFacts, runs: [{ plan: this.plan, record: null }] }),
        writeReview: (_: string, review: Review) => durable(() => (this.review = review)),
        writeVerdict: (_: string, verdict: Verdict) => durable(() => (this.verdict = verdict)),
        replacePlan: (plan: RunPlan) => durable(() => (this.plan = plan)),
      },
      worktrees: {
        prepareRestack: (_work: unknown, _request: unknown, begun: RestackRecord | null) => {
          this.begun = begun;
          const isMoved = begun !== null && begun.tip === this.branch;
          if (!isMoved && this.branch !== 'old') return Promise.resolve({ kind: 'refused', why: 'moved', hint: '' });
          return Promise.resolve({ kind: 'prepared', branch: 'task/b', ...made, ...size, isMoved, isSameTree: true });
        },
        finishRestack: async () => {
          await durable(() => {
            this.branch = 'new';
            this.moves += 1;
          });
          return null;
        },
      },
    };
    const effect: Parameters<typeof restackWork>[1] = {
      type: 'restack-for-command',
      ...{ id: 'x' as CommandId, task, dependencies: [] },
      file: { column: 'done', name: 'b.md', identity: { inode: 1, size: 1, mtimeMs: 1 } },
      work: { id: task, branch: 'task/b', base: this.verdict.base ?? '', tip },
      ...{ verdict: this.verdict, review: this.review },
    };
    return (
      await restackWork(ports as unknown as MergePorts, effect, 'main', { settings: defaultSettings, sandbox: null })
    ).kind;
  }
}

it.each([0, 1, 2, 3, 4])('is made once where the kill comes after %i steps', async (steps) => {
  const disk = new Disk();
  if (steps < 4) await expect(disk.restack(steps)).rejects.toThrow('killed');
  else expect(await disk.restack(steps)).toBe('restacked');
  expect(await disk.restack(9)).toBe('restacked');
  expect(disk).toMatchObject({
    ...{ branch: 'new', moves: 1, review: { state: 'ready', restack: made } },
    ...{ verdict: { base: 'new base', tip: 'new' }, plan: { workspace: { base: 'new base' } } },
  });
});

it('that is over does not keep the next one from being made', async () => {
  const disk = new Disk();
  await disk.restack(9);
  await disk.restack(9, 'new');
  expect(disk.begun).toBeNull();
});
