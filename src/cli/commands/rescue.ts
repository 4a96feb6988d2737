/** `rescue`: lists all that a task's runs ever had, and makes a branch of what the user picks. Works without the task's file. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { quote } from 'shell-quote';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { createGit } from '../../adapters/git/git.ts';
import { listFindings, restoreFinding, type Finding } from '../../adapters/git/rescue/branch-rescue.ts';
import type { FindingKind, RescueRequest, RescueRun } from '../../adapters/git/rescue/sightings.ts';
import { defaultSettings } from '../../domain/settings.ts';
import { keyOf, parseTaskId, type TaskId } from '../../domain/task.ts';
import { stripHidden } from '../../domain/visible-text.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { PortError } from '../../ports.ts';
import { readSettingsOf } from '../compose.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { print, printJson, type Verb } from '../verb.ts';

type Options = GlobalOptions & { readonly json?: boolean; readonly branch?: string };

/** The verb `rescue`. */
export const rescueCommand: Verb = () =>
  new Command('rescue')
    .description("list all that a task's runs ever had, and make a branch of what you name")
    .argument('<id>')
    .argument('[name]', 'what to restore: a name of the list, or the beginning of a commit')
    .option('--branch <branch>', 'the new branch; default: rescue/ID-NAME')
    .option('--json', 'as data')
    .action(async (text: string, name: string | undefined, options: Options) => {
      const place = await findPlace(options);
      const notice = (message: string): void => void process.stderr.write(`${stripHidden(message)}\n`);
      const git = createGit(place.repository.topLevel, { notice, repository: place.repository });
      const request = await composeRequest(place, text);
      const findings = await listFindings(git, place.repository, request);
      if (findings.length === 0) {
        throw new CliError(exitCodes.usage, `no run of ${text} left anything`, 'Type: branchboard status');
      }
      if (name === undefined) {
        if (options.json === true) printJson({ version: 1, id: request.task, findings: findings.map(toData) });
        else printList(request.task, findings);
        return;
      }
      const finding = pick(findings, name, request.task);
      const restored = await restoreFinding(git, place.repository, request.task, finding, options.branch ?? null).catch(
        (error: unknown) => {
          if (error instanceof PortError) throw new CliError(exitCodes.usage, error.message);
          throw error;
        },
      );
      if (options.json === true) printJson({ version: 1, id: request.task, ...restored, from: toData(finding) });
      else printRestored(finding, restored);
    });

/** The task's id as its runs spell it; the task itself may be gone. */
async function composeRequest(place: Place, text: string): Promise<RescueRequest> {
  const asked = parseTaskId(text.replace(/\.md$/, ''));
  if (asked === undefined) throw new CliError(exitCodes.usage, `${text} is no task's id`, 'Type: branchboard status');
  const { layout, repository } = place;
  const isIt = (name: string): boolean => keyOf(name as TaskId) === keyOf(asked);
  const task = ((await list(layout.runs)).find(isIt) ?? asked) as TaskId;
  const current = await readRuns(place, task, false);
  const earlier: RescueRun[] = [];
  for (const folder of (await list(join(layout.runs, '.earlier'))).sort()) {
    if (isIt(folder.replace(/-\d+$/, '')))
      earlier.push(...(await readRuns(place, join('.earlier', folder), true)).runs);
  }
  const settings = (await readSettingsOf(place)) ?? defaultSettings;
  const parent =
    settings.worktrees.dir === null ? layout.worktrees : resolve(repository.topLevel, settings.worktrees.dir);
  return {
    task,
    runs: [...earlier, ...current.runs],
    branch: `${settings.branchPrefix}${task}`,
    path: join(parent, task),
    since: earlier.length === 0 ? null : current.since,
  };
}

async function readRuns(place: Place, folder: string, isEarlier: boolean) {
  const { runs } = await readTaskFacts(place.layout, folder as TaskId);
  return {
    runs: runs.map(({ plan, record }): RescueRun => {
      const { task, n, plannedAt, workspace } = plan;
      return { task, n, plannedAt, workspace, tip: record?.evidence?.tip ?? null, isEarlier };
    }),
    since: runs[0]?.plan.plannedAt ?? null,
  };
}

function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function pick(findings: readonly Finding[], name: string, task: TaskId): Finding {
  const isCommit = /^[0-9a-f]{4,64}$/i.test(name);
  const found =
    findings.find((finding) => finding.name === name) ??
    findings.find(({ commit }) => isCommit && commit.startsWith(name.toLowerCase()));
  if (found !== undefined) return found;
  const names = findings.map((finding) => finding.name).join(', ');
  throw new CliError(exitCodes.usage, `${task} has nothing of the name ${name}`, `There is: ${names}`);
}

const kinds: Readonly<Record<FindingKind, string>> = {
  run: 'all that the worktree held after the run',
  done: 'the work when it was done',
  branch: 'the branch',
  left: 'found elsewhere than on the branch',
  recorded: "the branch's tip after the run",
  logged: 'was there once, and was left',
  worktree: 'where the worktree is',
  aside: 'where a folder is that was put aside',
  base: "the dependencies' work that it started from",
  unreachable: 'a commit that nothing names any more, perhaps of this task',
};

function printList(task: TaskId, findings: readonly Finding[]): void {
  const count = findings.length === 1 ? 'One thing' : `${String(findings.length)} things`;
  print(`${count} that runs of ${task} had, newest first:`);
  for (const finding of findings) {
    print(`\n  ${finding.name} · ${describeKind(finding)}`);
    print(`    ${finding.commit.slice(0, 12)} · ${formatDate(finding.date)} · ${cleanLine(finding.subject)}`);
    print(
      `    ${formatChanges(finding)} · ${finding.isOnBranch ? 'on a branch' : 'on no branch'} · ${finding.places.map((place) => cleanLine(place)).join(', ')}`,
    );
  }
  print(`\nMake a branch of one: branchboard rescue ${task} NAME`);
}

function describeKind({ kind, run, isEarlier, uncommitted }: Finding): string {
  const where = kind === 'aside' ? 'a folder that was put aside' : 'the worktree';
  const what = uncommitted.length > 0 ? `files in ${where} that are not committed` : kinds[kind];
  const which = run === null ? '' : `, run ${String(run)}`;
  return `${what}${which}${isEarlier ? ', of an earlier task of this id' : ''}`;
}

function formatChanges({ changes, uncommitted }: Finding): string {
  if (uncommitted.length > 0) return countFiles(uncommitted.length, 'not committed');
  if (changes === null) return 'changes unknown';
  return `${countFiles(changes.files, 'changed')}, +${String(changes.insertions)} −${String(changes.deletions)}`;
}

function countFiles(count: number, what: string): string {
  return `${String(count)} ${count === 1 ? 'file' : 'files'} ${what}`;
}

/** The local date and time, to the minute. */
function formatDate(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function printRestored(
  finding: Finding,
  { branch, commit }: { readonly branch: string; readonly commit: string },
): void {
  const { base } = finding;
  print(`${branch} is ${commit.slice(0, 12)} (${finding.name}). Look at it:`);
  print(`  ${quote(['git', 'log', base === null ? branch : `${base.slice(0, 12)}..${branch}`])}`);
  if (base !== null) print(`  ${quote(['git', 'diff', `${base.slice(0, 12)}...${branch}`])}`);
  print(`  ${quote(['git', 'switch', branch])}`);
}

function toData({ date, ...finding }: Finding) {
  // Git takes dates that are none here.
  return { ...finding, date: Number.isNaN(new Date(date).getTime()) ? null : new Date(date).toISOString() };
}
