/** The words of an error, whatever was thrown. */
import { limits } from './limits.ts';

/** An error's message, or the thrown value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The first line of an error that ended the board. Secrets go before it is cut, since half of one would not be found. */
export function summarizeFault(error: unknown, redact: (text: string) => string): string {
  const [first = ''] = messageOf(error).split('\n');
  return redact(first).slice(0, limits.maxFaultChars);
}
