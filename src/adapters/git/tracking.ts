/** Whether a file of a checkout is in the repository, or will be by accident. */
import { createGit } from './git.ts';

/** In the repository's index; kept out of it by an ignore rule; or neither, so that `git add -A` takes it in. */
export type Tracking = 'tracked' | 'ignored' | 'untracked';

/** Git's view of the file at `path`, relative to the checkout's top. Throws PortError where git can't be run. */
export async function findTracking(topLevel: string, path: string): Promise<Tracking> {
  const git = createGit(topLevel);
  const listed = await git.attempt(['ls-files', '--', path]);
  if (listed.stdout !== '') return 'tracked';
  const ignored = await git.attempt(['check-ignore', '--quiet', '--', path]);
  return ignored.exitCode === 0 ? 'ignored' : 'untracked';
}
