/** How long tests that run a board wait, and how. */
import { setTimeout as delay } from 'node:timers/promises';

/** A test that runs a board may take so long, on a machine that is busy. */
export const boardTestTimeoutMs = 600_000;
/** A command that takes longer, or a condition that does not come true, fails the test. */
const patienceMs = 300_000;
/** A condition is looked at less often the longer it does not hold, since looking takes time from what is waited for. */
const pollMs = { first: 20, last: 100 };

/** Waits until a condition holds. What it throws counts as not yet. */
export async function waitUntil(what: string, holds: () => boolean): Promise<void> {
  const until = Date.now() + patienceMs;
  for (let pauseMs = pollMs.first; ; pauseMs = Math.min(pollMs.last, pauseMs * 1.2)) {
    try {
      if (holds()) return;
    } catch {
      // A file that the condition reads may not be there yet.
    }
    if (Date.now() > until) throw new Error(`in vain waited for: ${what}`);
    await delay(pauseMs);
  }
}

/** Waits for what must come in good time. */
export async function withPatience<T>(promise: Promise<T>, what: string): Promise<T> {
  const abort = new AbortController();
  const late = delay(patienceMs, null, { signal: abort.signal }).then(() => {
    throw new Error(`${what} took longer than ${String(patienceMs / 1000)} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => undefined);
    abort.abort();
  }
}
