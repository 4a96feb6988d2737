/**
 * Roles, found by name. The first place that has `NAME.md` wins:
 *
 *   .orchestrator/templates/  ──►  .claude/agents/  ──►  the templates that come with the package
 *   the user's overrides           the repository's own
 *
 * What several roles have in common stands once, as a part: `parts/NAME.md` of the templates that come with the package, or
 * the user's override of it.
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
  /** The levels of effort that the agent's program knows, which a role's is checked against; null where it was not asked. */
  readonly efforts?: readonly string[] | null;
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
  source: {
    readonly file: string;
    readonly isClaudeAgent: boolean;
    readonly efforts: readonly string[] | null;
    readonly parts: ReadonlyMap<string, string>;
  },
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
  const partsDirs = [join(dirname(dirs.shippedDir), 'parts'), join(dirs.overridesDir, 'parts')];
  const repository = dirname(dirname(dirs.overridesDir));

  async function listRoles(): Promise<readonly RoleEntry[]> {
    const found = new Map<string, RoleEntry>();
    for (const { source, path } of places) {
      for (const name of await listNames(path)) {
        if (!found.has(name)) found.set(name, { name, source, path: join(path, `${name}.md`) });
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
    // Before the role itself, which is parsed in the turn in which it was read: the supervisor knows it by that.
    const parts = await readParts();
    const text = await readIfThere(path);
    if (text === null) return null;
    const isClaudeAgent = source === 'claude-agent';
    const parsed = parse(text, { file, isClaudeAgent, efforts: dirs.efforts ?? null, parts });
    if (parsed.value === undefined) throw broken(parsed.diagnostics);
    return { name, source, ...parsed.value };
  }

  async function readParts(): Promise<ReadonlyMap<string, string>> {
    const parts = new Map<string, string>();
    for (const folder of partsDirs) {
      for (const name of await listNames(folder)) {
        const text = await readIfThere(join(folder, `${name}.md`));
        if (text !== null) parts.set(name, text.trim());
      }
    }
    return parts;
  }

  /** Throws PortError where the file is none that may be read. */
  async function readIfThere(path: string): Promise<string | null> {
    const read = await readTextFile(path, nameForUser(path, repository), maxRoleFileBytes).catch(nullIfMissing);
    if (read === null) return null;
    if (read.ok) return read.value.text;
    if (read.failure.kind === 'refused') throw broken(read.failure.diagnostics);
    // Gone, or saved at this very moment.
    return (await lstat(path).catch(nullIfMissing)) === null ? null : readIfThere(path);
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

/** The names of the markdown files in a folder that may name a role or a part. */
async function listNames(dir: string): Promise<readonly string[]> {
  const files = (await readdir(dir).catch(nullIfMissing)) ?? [];
  return files
    .flatMap((file) => (file.endsWith('.md') ? [basename(file, '.md')] : []))
    .filter((name) => roleName.test(name));
}

function nullIfMissing(error: unknown): null {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
