/** `discard`: puts the work of a finished task away with its branch, so that it can be undone. */
import { decideBySeen } from '../seen-branch.ts';

/** The verb `discard`. */
export const discardCommand = decideBySeen(
  'discard',
  'To undo it: mv .orchestrator/archive/ID.md .orchestrator/done/, or branchboard retry ID to have it worked on again.',
);
