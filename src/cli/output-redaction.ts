/**
 * Keeps secrets out of what commands print, as far as they know them: those of their own environment, and the agents'.
 */
import { createRedactor, type Redactor } from '../adapters/redaction/redactor.ts';
import { mapTexts } from '../daemon/redact-event.ts';
import type { Settings } from '../domain/settings.ts';
import { stripHidden } from '../domain/visible-text.ts';

/**
 * Takes out the secrets of this process and of the agents' environment, as the settings are at that time, and as they
 * were before: an agent that is at work has what they were when it was started.
 */
export function redactFor(settings: () => Settings): Redactor {
  const seen = new Set<Settings['agent']['env']>();
  let redact = createRedactor([process.env]);
  return (text) => {
    const { env } = settings().agent;
    if (!seen.has(env)) redact = createRedactor([process.env, ...seen.add(env)]);
    return redact(text);
  };
}

/** A line of an agent's stream without secrets; one that holds none stays as it is, byte for byte. */
export function redactStreamLine(line: string, redact: Redactor): string {
  try {
    const event: unknown = JSON.parse(line);
    const redacted = mapTexts(event, (text) => redactOnly(text, redact));
    return redacted === event ? line : JSON.stringify(redacted);
  } catch {
    return redactOnly(line, redact);
  }
}

/** A text that holds no secret keeps its colours. */
function redactOnly(text: string, redact: Redactor): string {
  const redacted = redact(text);
  return redacted === stripHidden(text) ? text : redacted;
}
