/** Makes the error of a run that can't begin as its task or its board asks, which is for the user to mend. */
import { PortError } from '../ports.ts';

/** See the file's head; `detail` is told to the user. */
export function setupFailed(detail: string): PortError {
  return new PortError(detail, { fault: { reason: 'setup-failed', detail } });
}
