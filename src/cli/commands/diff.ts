/** `diff`: prints the changes of a task's branch. */
import { execa } from 'execa';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit, type Git } from '../../adapters/git/git.ts';
import { MergedWork } from '../../adapters/git/merged-work.ts';
import { branchRef, doneRef, isAncestor, resolveReadable } from '../../adapters/git/refs.ts';
import type { TaskId } from '../../domain/task.ts';
import { readSettingsOf } from '../compose-reader.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-code.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `diff`. */
export const diffCommand: Verb = (command, exit) =>
  command
    .option('--stat', 'only the files and how much of each')
    .action(async (text: string, options: GlobalOptions & { readonly stat?: boolean }) => {
      const place = await openPlace(options);
      const task = await findTask(place, text);
      const { runs, verdict } = await readTaskFacts(place.layout, task.id);
      const workspace = runs.at(-1)?.plan.workspace;
      if (workspace?.kind !== 'branch') {
        throw new CliError(exitCodes.usage, `${task.id} has no branch`, `Type: branchboard show ${task.id}`);
      }
      const { branch, base } = workspace;
      exit(await runDiff(place, { id: task.id, branch, base, tip: verdict?.tip ?? null }, options.stat === true));
    });

/** A task's work as its facts tell it. */
interface Work {
  readonly id: TaskId;
  readonly branch: string;
  readonly base: string;
  /** Null before it was done. */
  readonly tip: string | null;
}

async function runDiff(place: OpenPlace, work: Work, stat: boolean): Promise<ExitCode> {
  const { repository } = place;
  const git = createGit(place.topLevel, { repository });
  const names = [branchRef(work.branch), ...(work.tip === null ? [] : [work.tip]), doneRef(work.id)];
  const commits = await resolveReadable(git, names);
  const tip = commits.find((commit) => commit !== null) ?? null;
  if (tip === null) {
    const hint = `See what was kept of it: branchboard rescue ${work.id}`;
    throw new CliError(exitCodes.usage, `the branch ${work.branch} is gone`, hint);
  }
  const isGone = commits[0] === null;
  const into = (await readSettingsOf(place))?.base ?? null;
  const finished = { ...work, tip: work.tip ?? tip };
  const isMerged = (await new MergedWork(git, repository).find(into ?? 'HEAD', [finished])).length > 0;
  // Against the branch that holds it already there would be nothing to see.
  if (isMerged || isGone) {
    const what = isMerged ? `The work of ${work.id} is merged into ${into ?? 'the branch checked out'}` : '';
    const gone = isGone ? `The branch ${work.branch} is gone` : '';
    const said = [what, gone].filter((part) => part !== '').join('. ');
    process.stderr.write(`${said}. These are its changes since it began:\n`);
  }
  const range = isMerged || isGone ? `${work.base}...${tip}` : `${await chooseStart(git, work, into)}...${work.branch}`;
  const args = ['diff', ...(stat ? ['--stat'] : []), '--end-of-options', range];
  // Git's pager needs the terminal, which simple-git does not give to a command.
  const result = await execa('git', args, { cwd: place.topLevel, stdio: 'inherit', reject: false });
  return result.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
}

/** The branch that it would be merged into; for a task on top of others that would show theirs, too. */
async function chooseStart(git: Git, { base }: Work, into: string | null): Promise<string> {
  if (into === null) return base;
  return (await isAncestor(git, base, into).catch(() => false)) ? into : base;
}
