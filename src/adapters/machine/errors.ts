/** Errors of node: their codes, and how the board reports them. */
import { PortError } from '../../ports.ts';
import { messageOf } from '../../domain/error-message.ts';

/** A system error's code, such as `ENOENT`, or null. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Reports an error of node as a port's, with its code and with what could not be done. */
export function toPortError(error: unknown, what: string): PortError {
  if (error instanceof PortError) return error;
  const code = codeOf(error);
  const why = messageOf(error);
  return new PortError(`${what}: ${why}`, { cause: error, ...(code === null ? {} : { code }) });
}
