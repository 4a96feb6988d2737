/**
 * Tells whether a task's work is in a branch by its content: merging it there changes nothing. So work counts that was
 * squashed, rebased or cherry-picked.
 *
 *   the work's commit is in the branch                                merged
 *   merging it into a commit of the branch's own line since then      merged, also where later commits change the same
 *   changes nothing there                                             lines, or take the work back again
 *   it changes no file at all                                         not merged
 *   anything else, also what git can't merge or read                  not merged
 *
 * Work that was taken back after it had been merged stays merged, however it was merged: git would not merge its branch
 * again either.
 */
import { limits } from '../../domain/limits.ts';
import type { FinishedWork } from '../../domain/verdict.ts';
import { PortError } from '../../ports.ts';
import { keepNewest } from '../machine/newest.ts';
import type { Git } from './git.ts';
import { withAttributesOf } from './merge-trees.ts';
import { branchLog, isCommitting, readReflog, restoredMessage } from './reflog.ts';
import { branchRef, isAncestor, resolveReadable } from './refs.ts';
import type { Repository } from './repository.ts';

/** What is known of one work: whether it is in this commit. */
interface Known {
  readonly base: string;
  readonly isIn: boolean;
}

/** A work's commit, and the one that it began at, or null where that is not known. */
export type WorkCommits = Pick<FinishedWork, 'tip' | 'base'>;

/** Remembers what it found by the commits, so that asking again costs nothing as long as they stay. */
export class MergedWork {
  readonly #git: Git;
  readonly #repository: Repository;
  readonly #known = new Map<string, Known>();

  constructor(git: Git, repository: Repository) {
    this.#git = git;
    this.#repository = repository;
  }

  /** Which of these works are in the branch or commit `base`. One git process where nothing moved. Throws PortError where git can't be run. */
  async find(base: string, works: readonly FinishedWork[]): Promise<readonly FinishedWork[]> {
    const located = await this.locate(base, works);
    const found: FinishedWork[] = [];
    if (located.into === null) return found;
    for (const [index, work] of works.entries()) {
      if (await this.isIn(located.into, located.works[index] ?? work)) found.push(work);
    }
    return found;
  }

  /** The commit of the branch or commit `base`, null where there is none, and the works at the commits that they are at by now. */
  async locate(
    base: string,
    works: readonly FinishedWork[],
  ): Promise<{ readonly into: string | null; readonly works: readonly FinishedWork[] }> {
    const names = works.map(({ branch }) => (branch === null ? 'refs/none' : branchRef(branch)));
    const [into = null, ...branches] = await resolveReadable(this.#git, [base, ...names]);
    const located: FinishedWork[] = [];
    for (const [index, work] of works.entries()) {
      located.push({ ...work, tip: await this.findTip(work, branches[index] ?? null) });
    }
    return { into, works: located };
  }

  /**
   * The commit that a work is at by now: the tip of its branch, where the user committed on top of what was recorded or
   * rewrote it by commits of their own, also before they discarded it and brought it back; else, as where the branch was
   * deleted or set to something else, what was recorded.
   */
  async findTip({ tip, branch }: FinishedWork, branchTip: string | null): Promise<string> {
    if (branch === null || branchTip === null || branchTip === tip) return tip;
    if (await isAncestor(this.#git, tip, branchTip).catch(() => false)) return branchTip;
    const last = (await readReflog(branchLog(this.#repository, branch))).at(-1);
    if (last?.to !== branchTip) return tip;
    const { message } = last;
    const isTheirs = isCommitting(last) || message.startsWith('rebase (finish)') || message === restoredMessage;
    return isTheirs ? branchTip : tip;
  }

  /** Whether a work is in a commit. Throws PortError where git can't be run. */
  async isIn(base: string, { tip, base: from }: WorkCommits): Promise<boolean> {
    const known = this.#known.get(tip);
    if (known?.base === base) return known.isIn;
    const isIn = await this.#look(base, tip, from, known ?? null).catch((error: unknown) => {
      if (error instanceof PortError && error.code === null) return false;
      throw error;
    });
    keepNewest(this.#known, tip, { base, isIn }, limits.maxMergesRemembered);
    return isIn;
  }

  async #look(base: string, tip: string, from: string | null, known: Known | null): Promise<boolean> {
    const git = this.#git;
    const isOnward = known !== null && (await isAncestor(git, known.base, base));
    if (isOnward && known.isIn) return true;
    const parted = await git.attempt(['merge-base', base, tip]);
    const start = parted.stdout.trim();
    if (start === tip) return true;
    // Where the branch got no commit since, none can hold the work.
    if (parted.exitCode !== 0 || start === '' || start === base) return false;
    const files = await this.#listChanged(start, tip);
    const own = from === null || from === start ? files : await this.#listChanged(from, tip);
    if (own.length === 0) return false;
    const line = ['rev-list', '--first-parent', '--no-commit-header', '--format=%H %T'];
    const range = [
      `--max-count=${String(limits.maxMergesTried)}`,
      base,
      `^${tip}`,
      ...(isOnward ? [`^${known.base}`] : []),
    ];
    const paths = files.length > limits.maxMergeFilesNamed ? [] : files.map((file) => `:(top,literal)${file}`);
    const commits = (await git.run([...line, ...range, '--', ...paths])).split('\n').filter((each) => each !== '');
    if (commits.length === 0) return false;
    return withAttributesOf(git, base, async (mergeTrees) => {
      for (const commit of commits) {
        const [id = '', tree = ''] = commit.split(' ');
        const merge = await mergeTrees(id, tip);
        if (merge.kind === 'clean' && merge.tree === tree) return true;
      }
      return false;
    });
  }

  async #listChanged(from: string, to: string): Promise<readonly string[]> {
    const output = await this.#git.run(['diff-tree', '-r', '--no-renames', '--name-only', '-z', from, to]);
    return output.split('\0').filter((file) => file !== '');
  }
}
