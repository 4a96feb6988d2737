/** What commands print is free of secrets as far as they know them: their own environment's, and the agents'. */
import { createRedactor, type Redactor } from '../adapters/redactor.ts';
import { mapTexts } from '../daemon/redact.ts';
import type { Settings } from '../domain/settings.ts';

/** Takes out the secrets of this process and of the agents' environment, as the settings are at that time. */
export function redactFor(settings: () => Settings | null): Redactor {
  let known: { readonly env: Settings['agent']['env']; readonly redact: Redactor } | null = null;
  return (text) => {
    const env = settings()?.agent.env ?? {};
    if (known?.env !== env) known = { env, redact: createRedactor([process.env, env]) };
    return known.redact(text);
  };
}

/** A line of an agent's stream without secrets; one that holds none stays as it is, byte for byte. */
export function redactStreamLine(line: string, redact: Redactor): string {
  try {
    const event: unknown = JSON.parse(line);
    const redacted = mapTexts(event, redact);
    return redacted === event ? line : JSON.stringify(redacted);
  } catch {
    return redact(line);
  }
}
