/**
 * Finds the changes of a branch that decide what runs on the machine of whoever merges it: configuration of agents,
 * editors, git and its hooks, of continuous integration, and the scripts that tools run by name. The dashboard shows
 * them to the reviewer, and a merge that brings them takes a second yes.
 */
import type { Git, GitOptions } from './git.ts';

/** Folders at the top of a repository, or anywhere in it, all of whose files count. */
const folders = [
  ...['.orchestrator', '.claude', '.codex', '.gemini', '.cursor', '.husky', '.githooks', '.git-hooks', 'githooks'],
  ...['.vscode', '.idea', '.devcontainer', '.github/workflows', '.github/actions', '.circleci', '.buildkite', '.cargo'],
  '.yarn/releases',
];

/** Names of files that count wherever they are. */
const names = [
  ...[
    '.mcp.json',
    'CLAUDE.md',
    'CLAUDE.local.md',
    'AGENTS.md',
    'GEMINI.md',
    '.cursorrules',
    '.envrc',
    '.tool-versions',
  ],
  ...['.gitattributes', '.gitmodules', '.gitconfig', '.lfsconfig', '.pre-commit-config.yaml', '.worktreeinclude'],
  ...['lefthook.yml', 'lefthook.yaml', '.lintstagedrc', '.lintstagedrc.json', 'lint-staged.config.js', '.npmrc'],
  ...['.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs', 'bunfig.toml', 'mise.toml', '.mise.toml', 'flake.nix', 'shell.nix'],
  ...['.gitlab-ci.yml', 'azure-pipelines.yml', 'bitbucket-pipelines.yml', 'Jenkinsfile', '.travis.yml', 'appveyor.yml'],
  ...[
    'Makefile',
    'makefile',
    'GNUmakefile',
    'justfile',
    'Justfile',
    'Taskfile.yml',
    'Rakefile',
    'noxfile.py',
    'tox.ini',
  ],
  ...['Dockerfile', 'docker-compose.yml', 'compose.yaml', 'setup.py', 'build.rs', 'conftest.py', 'Gruntfile.js'],
];

/** Files of which only some keys run anything. */
const partial: Readonly<Record<string, readonly string[]>> = {
  'package.json': ['scripts', 'lint-staged', 'husky', 'simple-git-hooks', 'gitHooks', 'workspaces', 'packageManager'],
  'composer.json': ['scripts'],
  'deno.json': ['tasks'],
};

/** As many are named. */
const maxNamed = 20;

/** The paths, at most `maxNamed`, with a note where only a part of the file counts. Throws PortError if git fails. */
export async function listWhatRuns(
  git: Git,
  base: string,
  tip: string,
  where: GitOptions = {},
): Promise<readonly string[]> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-ext-diff', '--no-textconv', base, tip];
  const changed = (await git.run(args, where)).split('\0').filter((path) => path !== '');
  const found: string[] = [];
  for (const path of changed) {
    if (found.length === maxNamed) break;
    const note = countsWhole(path) ? '' : await describePart(git, base, tip, path, where);
    if (note !== null) found.push(`${path}${note}`);
  }
  return found;
}

function countsWhole(path: string): boolean {
  const folded = path.toLowerCase();
  const isBelow = (folder: string): boolean => folded.startsWith(`${folder}/`) || folded.includes(`/${folder}/`);
  const name = folded.slice(folded.lastIndexOf('/') + 1);
  return folders.some(isBelow) || folders.includes(folded) || names.some((each) => each.toLowerCase() === name);
}

/** Which of the keys that count differ, such as ` (scripts)`; null where none does. */
async function describePart(
  git: Git,
  base: string,
  tip: string,
  path: string,
  where: GitOptions,
): Promise<string | null> {
  const keys = partial[path.slice(path.lastIndexOf('/') + 1)];
  if (keys === undefined) return null;
  const [before, after] = await Promise.all([base, tip].map((commit) => readJson(git, `${commit}:${path}`, where)));
  // A file that can't be read here may still be read by the tool that it is for.
  if (before === null || after === null) return '';
  const differing = keys.filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]));
  return differing.length === 0 ? null : ` (${differing.join(', ')})`;
}

/** The object in a file of a commit; empty where there is no such file, null where it holds none. */
async function readJson(
  git: Git,
  object: string,
  where: GitOptions,
): Promise<Readonly<Record<string, unknown>> | null> {
  const { exitCode, stdout } = await git.attempt(['cat-file', 'blob', object], where);
  if (exitCode !== 0) return {};
  try {
    const value: unknown = JSON.parse(stdout);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
