/** `demo`: the main job in a scratch repository, with the built-in scripted agent: no login, no network. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGit } from '../../adapters/git/git.ts';
import { noSuggestion } from '../../markdown/suggestions.ts';
import type { ExitCode } from '../exit-code.ts';
import { findRepository, placeOf } from '../place.ts';
import { print, type Verb } from '../verb.ts';
import { demoTasks } from './demo-tasks.ts';
import { makeBoard } from './init.ts';
import { runBoard } from './start.ts';

/** The verb `demo`. */
export const demoCommand: Verb = (command, exit) => command.action(async () => exit(await runDemo()));

async function runDemo(): Promise<ExitCode> {
  const folder = await makeRepository();
  const place = placeOf(await findRepository({ repo: folder }));
  await makeBoard(place, noSuggestion);
  await writeFile(place.layout.settings, 'base: main\nmax_parallel: 3\nagent:\n  kind: scripted\n');
  for (const { name, text } of demoTasks) await writeFile(join(place.layout.inbox, name), text);
  print(`A scratch repository in ${folder}, with ${demoTasks.length} tasks in .orchestrator/inbox/:\n`);
  const code = await runBoard(place, { untilIdle: true });
  print(`\n${await readFile(place.layout.dashboard, 'utf8')}`);
  print('The branches that the tasks left, each for you to review:\n');
  print(await createGit(folder).run(['log', '--graph', '--oneline', '--branches', '--decorate-refs=refs/heads/']));
  print(`Look around:
  cat ${place.layout.dashboard}
  git -C ${folder} diff main...task/checkout-tests
  cat ${place.layout.root}/done/checkout.md
Take work over, as you would in a repository of yours:
  git -C ${folder} merge task/checkout-tests
Remove it all: rm -rf ${folder}`);
  return code;
}

async function makeRepository(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'branchboard-demo-'));
  const git = createGit(folder);
  await git.run(['init', '--quiet', '--initial-branch=main']);
  await git.run(['config', 'user.name', 'Demo']);
  await git.run(['config', 'user.email', 'demo@localhost']);
  await git.run(['config', 'commit.gpgsign', 'false']);
  await writeFile(join(folder, 'README.md'), '# A small shop\n');
  await git.run(['add', '-A']);
  await git.run(['commit', '--quiet', '--message=First commit']);
  return folder;
}
