/** Reads all roles of a place, and checks what they ask for, also against what the agent's program knows. */
import { AbilityReader } from '../adapters/agent/claude/abilities.ts';
import { findAgent } from '../adapters/agent/driver/command-path.ts';
import type { RoleEntry, RoleTemplates } from '../adapters/files/role-files.ts';
import { createClock } from '../adapters/machine/clock.ts';
import { markOwnCommands } from '../adapters/machine/leftovers.ts';
import { highestEffort, type Role } from '../domain/role.ts';
import type { Settings } from '../domain/settings.ts';
import { PortError } from '../ports.ts';
import { composeRoles } from './compose-roles.ts';
import type { Place } from './place.ts';

/** A role that can be named: as it was read, or why it can't be. */
export type CheckedRole = RoleEntry &
  ({ readonly role: Role; readonly problem: null } | { readonly role: null; readonly problem: string });

/** All roles by name. `settings` name the agent's program, which is asked; null where nobody may ask it. */
export async function checkRoles(place: Place, settings: Settings | null): Promise<readonly CheckedRole[]> {
  const read = await readAll(composeRoles(place));
  const asks = read.some(({ role }) => role !== null && role.effort !== null && role.effort !== highestEffort);
  const efforts = asks && settings !== null ? await findEfforts(place, settings) : [];
  return efforts.length === 0 ? read : readAll(composeRoles(place, efforts));
}

async function readAll(roles: RoleTemplates): Promise<readonly CheckedRole[]> {
  const read = async (entry: RoleEntry): Promise<CheckedRole> => {
    try {
      return { ...entry, role: await roles.find(entry.name), problem: null };
    } catch (error) {
      if (error instanceof PortError) return { ...entry, role: null, problem: error.message };
      throw error;
    }
  };
  return Promise.all((await roles.listRoles()).map(read));
}

/** The levels that the agent's program knows; none where it has none or can't be asked. */
async function findEfforts({ topLevel, layout }: Place, settings: Settings): Promise<readonly string[]> {
  try {
    const program = findAgent(settings, process.env, topLevel);
    const env = { ...markOwnCommands(process.env, layout.root), ...settings.agent.env };
    const request = { program: program ?? '', args: settings.agent.args, cwd: topLevel, env };
    return program === null ? [] : (await new AbilityReader(createClock()).read(request)).efforts;
  } catch (error) {
    if (error instanceof PortError) return [];
    throw error;
  }
}
