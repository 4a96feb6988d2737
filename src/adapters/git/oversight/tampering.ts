/**
 * Watches files that decide how git behaves for everybody in the repository: the settings, the attributes beside them,
 * and the hooks. The board reports each change made while an agent ran, whoever made it: it would take effect in the
 * user's next command in their own checkout.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../machine/errors.ts';
import { formatRunId, type RunPlan } from '../../../domain/run.ts';
import { readRegular } from '../../machine/regular-file.ts';
import { findRecord } from '../record.ts';
import type { Repository } from '../repository.ts';

/** Git's record of a run's worktree, or null, and the hashes of the files, by path. */
interface Sighting {
  readonly record: string | null;
  readonly hashes: ReadonlyMap<string, string>;
}

/** Compares the files at a run's end with those at its start. */
export class TamperingWatch {
  readonly #repository: Repository;
  readonly #notice: (message: string) => void;
  readonly #running = new Map<string, Sighting>();

  constructor(repository: Repository, notice: (message: string) => void) {
    this.#repository = repository;
    this.#notice = notice;
  }

  /** To be called before a run's agent starts. Never throws. */
  async begin(plan: RunPlan): Promise<void> {
    const record = await findRecord(this.#repository, plan.workspace.path);
    this.#running.set(formatRunId(plan), await this.#look(record));
  }

  /**
   * To be called once the agent is gone; a second call for a run does nothing. A change is reported for one run only.
   * Never throws.
   */
  async end(plan: RunPlan): Promise<void> {
    const run = formatRunId(plan);
    const before = this.#running.get(run);
    if (before === undefined) return;
    this.#running.delete(run);
    const now = await this.#look(before.record);
    const paths = [...new Set([...before.hashes.keys(), ...now.hashes.keys()])];
    const changed = paths.filter((path) => before.hashes.get(path) !== now.hashes.get(path));
    if (changed.length === 0) return;
    for (const [other, { record }] of this.#running) this.#running.set(other, await this.#look(record));
    this.#notice(
      `${changed.join(', ')} changed while ${run} was at work. If that was not you, look at what is in there before you type another git command in this repository.`,
    );
  }

  async #look(record: string | null): Promise<Sighting> {
    const { commonDir } = this.#repository;
    const hooks = (await readdir(join(commonDir, 'hooks')).catch(() => [])).filter((name) => !name.endsWith('.sample'));
    const paths = [
      ...['config', 'config.worktree', 'info/attributes', ...hooks.map((name) => `hooks/${name}`)].map((name) =>
        join(commonDir, name),
      ),
      ...(record === null ? [] : [join(record, 'config.worktree')]),
    ];
    const hashed = await Promise.all(paths.map(async (path) => [path, await hashFile(path)] as const));
    return { record, hashes: new Map(hashed.filter((entry): entry is [string, string] => entry[1] !== null)) };
  }
}

/**
 * Null where there is no such file, or an empty one; a file that is not regular, or can't be read, counts as one that
 * says so.
 */
async function hashFile(path: string): Promise<string | null> {
  const text = await readRegular(path).catch((error: unknown) =>
    ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '') ? null : 'unreadable',
  );
  return text === null || text === '' ? null : createHash('sha256').update(text).digest('hex');
}
