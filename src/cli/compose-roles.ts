/** The roles that tasks of a place may name. */
import { join } from 'node:path';
import { createRoles, shippedRolesDir, type RoleTemplates } from '../adapters/files/role-files.ts';
import { parseRoleFile } from '../markdown/role-file.ts';
import type { Place } from './place.ts';

/** The roles that tasks of a place may name, whether or not they are trusted; `efforts` are those that an agent knows. */
export function composeRoles({ layout, topLevel }: Place, efforts: readonly string[] | null = null): RoleTemplates {
  const dirs = {
    shippedDir: shippedRolesDir,
    overridesDir: layout.templates,
    claudeAgentsDir: join(topLevel, '.claude', 'agents'),
    efforts,
  };
  return createRoles(dirs, parseRoleFile);
}
