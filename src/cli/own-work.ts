/** A task's own changes, for verbs that show them. */
import type { Git } from '../adapters/git/git.ts';
import { findOwnChanges, type OwnChanges, type RecordedWork } from '../adapters/git/own-changes.ts';
import { readSettingsOf } from './compose-reader.ts';
import { CliError, exitCodes } from './exit-code.ts';
import type { OpenPlace } from './place.ts';

/** The changes, and the branch that they would be merged into, null where the settings name none. Throws CliError where none of the commits is there any more. */
export async function requireOwnChanges(
  place: OpenPlace,
  git: Git,
  work: RecordedWork,
): Promise<{ readonly own: OwnChanges; readonly target: string | null }> {
  const target = (await readSettingsOf(place))?.base ?? null;
  const own = await findOwnChanges(git, place.repository, work, target);
  if (own !== null) return { own, target };
  const hint = `See what was kept of it: branchboard rescue ${work.id}`;
  throw new CliError(exitCodes.usage, `the branch ${work.branch} is gone`, hint);
}
