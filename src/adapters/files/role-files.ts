/**
 * Roles, found by name. The first place that has `NAME.md` wins:
 *
 *   .orchestrator/templates/  ──►  .claude/agents/  ──►  the templates that come with the package
 *   the user's overrides           the repository's own
 *
 * Files are looked at for each run, so that an edit counts from the next run on.
 */
import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

import { distance } from 'fastest-levenshtein';

import { codeOf } from '../machine/errors.ts';
import { packageRoot } from '../machine/package-files.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import type { Diagnostic, Parsed } from '../../domain/diagnostic.ts';
import type { Role } from '../../domain/role.ts';
import { PortError } from '../../ports.ts';
import type { Roles } from '../../ports.ts';
import { readTextFile } from './reader.ts';

/** Where the package keeps its own templates. */
export const shippedRolesDir = join(packageRoot, 'templates', 'roles');

/** Where roles are looked for. */
export interface RoleDirs {
  readonly shippedDir: string;
  /** `.orchestrator/templates` of the repository. */
  readonly overridesDir: string;
  /** `.claude/agents` of the repository. */
  readonly claudeAgentsDir: string;
}

/** A role that can be named, and the file that it would be read from. */
export interface RoleEntry {
  readonly name: string;
  readonly source: Role['source'];
  readonly path: string;
}

/** {@link Roles} that can be listed too. */
export interface RoleTemplates extends Roles {
  /** All roles by name, each from the place that wins; files are not read. */
  listRoles(): Promise<readonly RoleEntry[]>;
}

/** Turns a role's text into what it says. */
export type ParseRole = (
  text: string,
  source: { readonly file: string; readonly isClaudeAgent: boolean },
) => Parsed<Omit<Role, 'name' | 'source'>>;

/** A larger file is refused. */
const maxRoleFileBytes = 64 * 1024;
const maxRoleNameChars = 64;
const roleName = new RegExp(`^[A-Za-z0-9](?:[._-]?[A-Za-z0-9_-]){0,${String(maxRoleNameChars - 1)}}$`);

/**
 * Roles from files, which anybody may have put into the repository: they are read as tasks are, never through a link.
 * `find` throws PortError with `setup-failed` for an unknown name, and for a file that is broken.
 */
export function createRoles(dirs: RoleDirs, parse: ParseRole): RoleTemplates {
  const places: readonly Omit<RoleEntry, 'name'>[] = [
    { source: 'override', path: dirs.overridesDir },
    { source: 'override', path: join(dirs.overridesDir, 'roles') },
    { source: 'claude-agent', path: dirs.claudeAgentsDir },
    { source: 'shipped', path: dirs.shippedDir },
  ];
  const repository = dirname(dirname(dirs.overridesDir));

  async function listRoles(): Promise<readonly RoleEntry[]> {
    const found = new Map<string, RoleEntry>();
    for (const { source, path } of places) {
      for (const file of await listFiles(path)) {
        const name = basename(file, '.md');
        if (file.endsWith('.md') && roleName.test(name) && !found.has(name)) {
          found.set(name, { name, source, path: join(path, file) });
        }
      }
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function find(name: string): Promise<Role> {
    if (roleName.test(name)) {
      for (const { source, path } of places) {
        const role = await readRole({ name, source, path: join(path, `${name}.md`) });
        if (role !== null) return role;
      }
    }
    throw setupFailed(describeUnknown(name, await listRoles()));
  }

  async function readRole({ name, source, path }: RoleEntry): Promise<Role | null> {
    const file = nameForUser(path, repository);
    const read = await readTextFile(path, file, maxRoleFileBytes).catch(nullIfMissing);
    if (read === null) return null;
    if (!read.ok) {
      if (read.failure.kind === 'refused') throw broken(read.failure.diagnostics);
      // Gone, or saved at this very moment.
      return (await lstat(path).catch(nullIfMissing)) === null ? null : readRole({ name, source, path });
    }
    const parsed = parse(read.value.text, { file, isClaudeAgent: source === 'claude-agent' });
    if (parsed.value === undefined) throw broken(parsed.diagnostics);
    return { name, source, ...parsed.value };
  }

  return { find, listRoles };
}

function describeUnknown(name: string, roles: readonly RoleEntry[]): string {
  const names = roles.map((role) => role.name);
  const [nearest] = names
    .map((known) => ({ known, far: distance(name.toLowerCase(), known.toLowerCase()) }))
    .filter(({ far, known }) => far <= Math.max(2, Math.floor(known.length / 3)))
    .sort((a, b) => a.far - b.far);
  const guess = nearest === undefined ? '' : `; did you mean ${nearest.known}?`;
  const shown = JSON.stringify(name.slice(0, maxRoleNameChars));
  return `there is no role ${shown}${guess} The roles are ${names.join(', ')}. Your own would be .orchestrator/templates/NAME.md`;
}

function broken(diagnostics: readonly Diagnostic[]): PortError {
  return setupFailed(diagnostics.map(formatDiagnostic).join('\n'));
}

function setupFailed(detail: string): PortError {
  return new PortError(detail, { fault: { reason: 'setup-failed', detail } });
}

function nameForUser(path: string, repository: string): string {
  const short = relative(repository, path);
  return short.startsWith('..') ? path : short;
}

async function listFiles(dir: string): Promise<readonly string[]> {
  return (await readdir(dir).catch(nullIfMissing)) ?? [];
}

function nullIfMissing(error: unknown): null {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
