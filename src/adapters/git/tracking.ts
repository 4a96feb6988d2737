/** Whether a file of a checkout is in the repository, or will be by accident. */
import { createGit } from './git.ts';

/** In the repository's index; kept out of it by an ignore rule; or neither, so that `git add -A` takes it in. */
export type Tracking = 'tracked' | 'ignored' | 'untracked';

/** Git's view of the file at `path`, relative to the checkout's top. Throws PortError where git can't be run. */
export async function findTracking(topLevel: string, path: string): Promise<Tracking> {
  const git = createGit(topLevel);
  const [listed, ignored] = await Promise.all([
    git.attempt(['ls-files', '--', path]),
    git.attempt(['check-ignore', '--quiet', '--', path]),
  ]);
  if (listed.stdout !== '') return 'tracked';
  return ignored.exitCode === 0 ? 'ignored' : 'untracked';
}
