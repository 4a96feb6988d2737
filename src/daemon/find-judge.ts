/** Finds the role that judges a task's work. Only one that can change nothing will do. */
import { judgeOf } from '../core/next-run.ts';
import type { Role } from '../domain/role.ts';
import type { Settings } from '../domain/settings.ts';
import type { TaskSpec } from '../domain/task.ts';
import { isReader } from '../prompt/permissions.ts';
import type { Roles } from '../ports.ts';
import { setupFailed } from './setup-failed.ts';

/** See the file's head. Throws PortError where no review is asked for any more, or the role is unknown or may write. */
export async function findJudge(roles: Roles, settings: Settings, spec: TaskSpec): Promise<Role> {
  const name = judgeOf(settings, spec);
  if (name === null) throw setupFailed('No review by an agent is asked for any more.');
  const role = await roles.find(name);
  if (isReader(role)) return role;
  throw setupFailed(
    `The role ${name} may write. A review takes a role that only reads, such as backend-reviewer: its file lists its tools, and none of them writes.`,
  );
}
