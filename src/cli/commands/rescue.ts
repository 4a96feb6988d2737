/** `rescue`: lists what the board kept of a task's runs, and makes a branch of what the user picks. Works without the task's file. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from 'shell-quote';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit } from '../../adapters/git/git.ts';
import { listKept, restoreKept, type KeptWork } from '../../adapters/git/worktree/kept-work.ts';
import { defaultSettings } from '../../domain/settings.ts';
import { keyOf, parseTaskId, type TaskId } from '../../domain/task.ts';
import { stripHidden } from '../../domain/visible-text.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { PortError } from '../../ports.ts';
import { readSettingsOf } from '../compose-reader.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { folderOfWorktrees, openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { print, printJson, type Verb } from '../verb.ts';

type Options = GlobalOptions & { readonly json?: boolean; readonly branch?: string };

const gitsOwn = 'What the board did not keep, git may still have: git reflog --all; git fsck --lost-found';

/** The verb `rescue`. */
export const rescueCommand: Verb = (command) =>
  command
    .option('--branch <branch>', 'the new branch; default: rescue/ID-NAME')
    .option('--json', 'as data')
    .addHelpText('after', '\nThe name says what to restore: one of the list, or the beginning of a commit.')
    .action(async (text: string, name: string | undefined, options: Options) => {
      const place = await openPlace(options);
      const { repository } = place;
      const notice = (message: string): void => void process.stderr.write(`${stripHidden(message)}\n`);
      const git = createGit(repository.topLevel, { notice, repository });
      const { task, paths } = await findTraces(place, text);
      const kept = await listKept(git, repository, task, paths);
      if (kept.length === 0) throw new CliError(exitCodes.usage, `nothing was kept of ${text}`, gitsOwn);
      if (name === undefined) {
        if (options.json === true) printJson({ version: 1, id: task, findings: kept });
        else printList(task, kept);
        return;
      }
      const picked = pick(kept, name, task);
      const restored = await restoreKept(git, repository, task, picked, options.branch ?? null).catch(
        (error: unknown) => {
          throw error instanceof PortError ? new CliError(exitCodes.usage, error.message) : error;
        },
      );
      if (options.json === true) printJson({ version: 1, id: task, ...restored, from: picked });
      else printRestored(picked, restored);
    });

/** The task's id as its runs spell it, and where its worktrees are or were; the task itself may be gone. */
async function findTraces(place: OpenPlace, text: string): Promise<{ task: TaskId; paths: readonly string[] }> {
  const asked = parseTaskId(text.replace(/\.md$/, ''));
  if (asked === undefined) throw new CliError(exitCodes.usage, `${text} is no task's id`, 'Type: branchboard status');
  const { layout } = place;
  const names = await readdir(layout.runs).catch(() => []);
  const task = (names.find((name) => keyOf(name as TaskId) === keyOf(asked)) ?? asked) as TaskId;
  const { runs } = await readTaskFacts(layout, task);
  const now = folderOfWorktrees(place, (await readSettingsOf(place)) ?? defaultSettings).path;
  const planned = runs.map(({ plan }) => plan.workspace.path).reverse();
  return { task, paths: [...new Set([...planned, ...[now, layout.worktrees].map((parent) => join(parent, task))])] };
}

function pick(kept: readonly KeptWork[], name: string, task: TaskId): KeptWork {
  const isCommit = /^[0-9a-f]{4,64}$/i.test(name);
  const found =
    kept.find((each) => each.name === name || each.place === name) ??
    kept.find(({ commit }) => isCommit && commit.startsWith(name.toLowerCase()));
  if (found !== undefined) return found;
  const names = kept.map((each) => each.name).join(', ');
  throw new CliError(exitCodes.usage, `${task} has nothing of the name ${name}`, `There is: ${names}. ${gitsOwn}`);
}

function printList(task: TaskId, kept: readonly KeptWork[]): void {
  print(`Kept of ${task}, newest first:`);
  for (const { name, place, commit, uncommitted, date, subject, isOnBranch } of kept) {
    const files = uncommitted.length === 1 ? '1 file' : `${String(uncommitted.length)} files`;
    const what = uncommitted.length > 0 ? `${files} not committed` : isOnBranch ? 'on a branch' : 'on no branch';
    print(`\n  ${cleanLine(name)} · ${what} · ${cleanLine(place)}`);
    print(`    ${commit.slice(0, 12)} · ${date.slice(0, 16).replace('T', ' ')} · ${cleanLine(subject)}`);
  }
  print(`\nMake a branch of one: branchboard rescue ${task} NAME\n${gitsOwn}`);
}

function printRestored({ name }: KeptWork, { branch, commit }: { branch: string; commit: string }): void {
  print(`${branch} is ${commit.slice(0, 12)} (${cleanLine(name)}). Look at it:`);
  print(`  ${quote(['git', 'log', '-p', branch])}`);
  print(`  ${quote(['git', 'switch', branch])}`);
}
