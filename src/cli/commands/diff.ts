/** `diff`: prints the changes of a task's branch. */
import { execa } from 'execa';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit } from '../../adapters/git/git.ts';
import { isAncestor } from '../../adapters/git/refs.ts';
import { readSettingsOf } from '../compose-reader.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-code.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `diff`. */
export const diffCommand: Verb = (command, exit) =>
  command
    .option('--stat', 'only the files and how much of each')
    .action(async (text: string, options: GlobalOptions & { readonly stat?: boolean }) => {
      const place = await findPlace(options);
      const task = await findTask(place, text);
      const { runs } = await readTaskFacts(place.layout, task.id);
      const workspace = runs.at(-1)?.plan.workspace;
      if (workspace?.kind !== 'branch') {
        throw new CliError(exitCodes.usage, `${task.id} has no branch`, `Type: branchboard show ${task.id}`);
      }
      exit(await runDiff(place, workspace, options.stat === true));
    });

async function runDiff(
  place: Place,
  workspace: { readonly base: string; readonly branch: string },
  stat: boolean,
): Promise<ExitCode> {
  const start = await chooseStart(place, workspace);
  const range = `${start}...${workspace.branch}`;
  const args = ['diff', ...(stat ? ['--stat'] : []), '--end-of-options', range];
  // Git's pager needs the terminal, which simple-git does not give to a command.
  const result = await execa('git', args, { cwd: place.topLevel, stdio: 'inherit', reject: false });
  return result.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
}

/** Against the branch that it would be merged into; for a task on top of others that would show theirs, too. */
async function chooseStart(place: Place, workspace: { readonly base: string }): Promise<string> {
  const settings = await readSettingsOf(place);
  const base = settings?.base ?? null;
  if (base === null) return workspace.base;
  const git = createGit(place.topLevel);
  return (await isAncestor(git, workspace.base, base).catch(() => false)) ? base : workspace.base;
}
