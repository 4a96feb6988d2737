/** Reads the claims of a repository's file by its path: joins the parsers of files to the judgement of their values. */
import { basename, dirname } from 'node:path/posix';
import type { FileClaims } from '../adapters/trust/origins.ts';
import {
  claimsOfProjectFile,
  claimsOfRole,
  claimsOfSettings,
  mcpSource,
  projectSettingsSource,
  settingsSource,
} from '../core/judge-claims.ts';
import type { Claim } from '../domain/claim.ts';
import type { Role } from '../domain/role.ts';
import { parseRoleFile } from '../markdown/role-file.ts';
import { parseSettings } from '../markdown/settings-file.ts';
import { toolsAllowedBy } from '../prompt/permissions.ts';

/** The folders of roles, in small letters. */
const roleFolders = ['.orchestrator/templates', '.orchestrator/templates/roles', '.claude/agents'];

/**
 * The claims that the file at a path of the repository, whatever its case, makes with that text; null where such files
 * claim nothing.
 */
export function claimsOfFile(path: string, text: string): FileClaims | null {
  const folded = path.toLowerCase();
  if (folded === settingsSource) {
    const { value } = parseSettings(text, settingsSource);
    return { source: settingsSource, claims: value === undefined ? null : claimsOfSettings(value) };
  }
  if (folded === projectSettingsSource || folded === mcpSource) {
    return { source: folded, claims: claimsOfProjectFile(folded, text) };
  }
  if (!roleFolders.includes(dirname(folded)) || !folded.endsWith('.md')) return null;
  const name = basename(folded, '.md');
  const { value } = parseRoleFile(text, { file: path, isClaudeAgent: folded.startsWith('.claude/') });
  return {
    source: `role ${name}`,
    claims: value === undefined ? null : claimsOfRole(name, toolsAllowedBy(value), value.runner),
  };
}

/** The claims of a role as it was found. */
export function claimsOfFoundRole(role: Role): readonly Claim[] {
  return role.source === 'shipped' ? [] : claimsOfRole(role.name, toolsAllowedBy(role), role.runner);
}
