/**
 * The repository's configuration of Claude Code for one run: hooks, helpers, environment and MCP servers count only as
 * they stand in the commit that the user's tasks start from. What a worktree holds of it, from its own branch or from a
 * dependency's, is compared with that commit: where it is the same, Claude Code reads it as always; where it differs,
 * the run gets the commit's and none of the worktree's. Of the commit's, nothing counts that came by git and that the
 * user did not say yes to.
 */
import type { RunPlan, Workspace } from '../../domain/run.ts';
import type { ProjectConfiguration } from '../../domain/trusted-project.ts';
import type { TrustedProject } from './trusted-claims.ts';
import type { Git } from '../git/git.ts';
import { exists } from '../machine/file-presence.ts';
import { inWorktree } from '../git/record.ts';

/** Files that Claude Code reads by itself, in whichever folder of a repository they are. */
const pathspecs = [
  ...['.claude', '.mcp.json'].flatMap((name) => [`:(top,glob)${name}`, `:(top,glob)${name}/**`]),
  ...['CLAUDE.md', 'CLAUDE.local.md', 'AGENTS.md'].flatMap((name) => [`:(top,glob)${name}`, `:(top,glob)**/${name}`]),
];
/** Reads a commit's own settings and servers for Claude Code, as far as they are trusted. */
export type ReadTrusted = (commit: string) => Promise<TrustedProject>;

/** Larger files of it are left out. */
const maxFileBytes = 256 * 1024;

/**
 * Compares a run's worktree with `base`, a branch or commit (null is HEAD of the user's checkout), and reads that one
 * where they differ. Throws PortError if git fails.
 */
export async function readProjectConfiguration(
  git: Git,
  plan: RunPlan,
  base: string | null,
  readTrusted: ReadTrusted,
): Promise<ProjectConfiguration> {
  const commit = (await git.run(['rev-parse', '--verify', '--end-of-options', `${base ?? 'HEAD'}^{commit}`])).trim();
  const [differs, project] = await Promise.all([listDifferences(git, plan.workspace, commit), readTrusted(commit)]);
  const untrusted = project.kind === 'untrusted' ? project.claims.map(({ source }) => source) : [];
  if (differs.length === 0 && untrusted.length === 0) return { kind: 'as-checked-out' };
  const instructions = await Promise.all(['CLAUDE.md', '.claude/CLAUDE.md'].map((path) => readBlob(git, commit, path)));
  const told = instructions.filter((text) => text !== null).join('\n\n');
  return {
    kind: 'of-the-base',
    differs: [...new Set([...differs, ...untrusted])],
    ...(project.kind === 'trusted' ? project.files : { settings: null, mcp: null }),
    instructions: told === '' ? null : told,
  };
}

/**
 * Paths that are changed, added (ignored ones, too) or missing in a worktree, as against a commit. One that is not made yet
 * will be as its own base is.
 */
async function listDifferences(git: Git, { path, base }: Workspace, commit: string): Promise<readonly string[]> {
  const isThere = await exists(path);
  const where = isThere ? inWorktree(path) : {};
  const diff = [
    'diff',
    '-z',
    '--name-only',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--ignore-submodules=all',
  ];
  const [changed, others, links] = await Promise.all([
    git.run([...diff, commit, ...(isThere ? [] : [base]), '--', ...pathspecs], where),
    isThere ? git.run(['ls-files', '-z', '--others', '--', ...pathspecs], where) : '',
    git.run(['ls-tree', '-z', commit, '--', '.claude', '.mcp.json'], where),
  ]);
  // A link leads to files that are not compared here.
  const linked = links.split('\0').flatMap((line) => (line.startsWith('120000 ') ? [line.split('\t')[1] ?? ''] : []));
  const paths = [...changed.split('\0'), ...others.split('\0'), ...linked].filter((path) => path !== '');
  return [...new Set(paths)].sort();
}

/** The text of a regular file in a commit; null where there is none, or where it is too large. */
async function readBlob(git: Git, commit: string, path: string): Promise<string | null> {
  const listed = await git.run(['ls-tree', '-z', '-l', commit, '--', path]);
  const [, size] = /^100(?:644|755) blob [0-9a-f]+ +(\d+)\t/.exec(listed) ?? [];
  if (size === undefined || Number(size) > maxFileBytes) return null;
  const { exitCode, stdout } = await git.attempt(['cat-file', 'blob', `${commit}:${path}`]);
  return exitCode === 0 ? stdout : null;
}
