/** `diff`: prints the changes of a task's branch, and what its last run had not committed. */
import { execa } from 'execa';
import { quote } from 'shell-quote';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit } from '../../adapters/git/git.ts';
import type { RecordedWork } from '../../adapters/git/own-changes.ts';
import { keptRef } from '../../adapters/git/refs.ts';
import { findKeptFiles } from '../../adapters/git/worktree/earlier-work.ts';
import { exists } from '../../adapters/machine/file-presence.ts';
import { findOwnRun, type RunFacts } from '../../domain/task-facts.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { requireOwnChanges } from '../own-work.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { findTask, requireBranch } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

/** Of a commit's id so much is shown. */
const shownCommitChars = 12;

/** With it git ends where it cannot go on. */
const fatalExitCode = 128;
/** Leaves out what a user's settings add to a diff. */
const plainOptions = ['--no-ext-diff', '--no-textconv', '-O/dev/null'];

/** The verb `diff`. */
export const diffCommand: Verb = (command, exit) =>
  command
    .option('--stat', 'only the files and how much of each')
    .action(async (text: string, options: GlobalOptions & { readonly stat?: boolean }) => {
      const place = await openPlace(options);
      const task = await findTask(place, text);
      const { runs, verdict } = await readTaskFacts(place.layout, task.id);
      const last = findOwnRun({ runs });
      const { branch, base } = requireBranch(task.id, runs);
      const stat = options.stat === true ? ['--stat'] : [];
      const work = { id: task.id, branch, base, tip: verdict?.tip ?? null };
      const code = await showBranch(place, work, { stat, canMerge: task.column === 'done' });
      const isUnfinished = task.column === 'attention' || task.column === 'queued' || task.column === 'active';
      if (last !== undefined && isUnfinished) await showUncommitted(place, last, stat);
      exit(code);
    });

async function showBranch(
  place: OpenPlace,
  work: RecordedWork,
  { stat, canMerge }: { readonly stat: readonly string[]; readonly canMerge: boolean },
): Promise<ExitCode> {
  const git = createGit(place.topLevel, { repository: place.repository });
  const { own, target } = await requireOwnChanges(place, git, work);
  const { from, tip, isEmpty, isMerged, isGone } = own;
  if (isEmpty) process.stderr.write(`The branch ${work.branch} holds no commit of ${work.id}.\n`);
  if (isMerged || isGone) {
    const what = isMerged ? `The work of ${work.id} is merged into ${target ?? 'the branch checked out'}` : '';
    const gone = isGone ? `The branch ${work.branch} is gone` : '';
    const said = [what, gone].filter((part) => part !== '').join('. ');
    process.stderr.write(`${said}. These are its changes since it began:\n`);
  } else if (!isEmpty && canMerge) {
    const commit = tip.slice(0, shownCommitChars);
    process.stderr.write(
      `${work.branch} is at ${commit}; exactly that: branchboard merge ${work.id} --commit ${commit}\n`,
    );
  }
  return runDiff(place, stat, [from, tip]);
}

/**
 * Shows the files that the last run had not committed when it ended, from where they were kept: git is not to work in a
 * folder that an agent wrote. What differed before any agent came is left out.
 */
async function showUncommitted(place: OpenPlace, { plan, record }: RunFacts, stat: readonly string[]): Promise<void> {
  const { path } = plan.workspace;
  const kept = await findKeptFiles(createGit(place.topLevel, { repository: place.repository }), {
    ...plan,
    n: plan.n + 1,
  }).catch(() => null);
  const head = kept?.ref === keptRef(plan) ? kept.head : null;
  const look = quote(['git', '-C', path, 'status']);
  if (kept === null || head === null) {
    if (record === null && (await exists(path))) print(`What is not committed yet is in ${path}: ${look}`);
    return;
  }
  print(`Not committed when run ${String(plan.n)} ended, in ${path} (as it is now: ${look}):`);
  const excluded = (record?.evidence?.asGiven ?? []).map((name) => `:(top,exclude,literal)${name}`);
  await runDiff(place, stat, [head, kept.commit], [':(top)', ...excluded]);
}

async function runDiff(
  place: OpenPlace,
  stat: readonly string[],
  commits: readonly string[],
  paths: readonly string[] = [],
): Promise<ExitCode> {
  // Git's pager needs the terminal, which simple-git does not give to a command.
  const show = async (plainly: readonly string[]) => {
    const args = ['diff', ...plainly, ...stat, '--end-of-options', ...commits, '--', ...paths];
    return execa('git', args, { cwd: place.topLevel, stdio: 'inherit', reject: false });
  };
  const { exitCode } = await show([]);
  if (exitCode === 0) return exitCodes.fine;
  // What is compared was found before, so that only the user's settings can end it.
  if (exitCode !== fatalExitCode) return exitCodes.usage;
  process.stderr.write("It could not be shown with your git's own settings, such as diff.external; without them:\n");
  return (await show(plainOptions)).exitCode === 0 ? exitCodes.fine : exitCodes.usage;
}
