/** `restack`: makes the commits of a finished task again on what it builds on now. */
import { decideBySeen } from '../seen-branch.ts';

/** The verb `restack`. */
export const restackCommand = decideBySeen(
  'restack',
  'The commits that it replaces are kept: branchboard rescue ID lists them.',
);
