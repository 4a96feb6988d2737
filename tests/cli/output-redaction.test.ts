import { expect, test } from 'vitest';
import { redactFor, redactStreamLine } from '../../src/cli/output-redaction.ts';
import { defaultSettings, type Settings } from '../../src/domain/settings.ts';

const withEnv = (env: Settings['agent']['env']): Settings => ({
  ...defaultSettings,
  agent: { ...defaultSettings.agent, env },
});

test('a secret of the settings stays known after it was changed, since an agent at work still has it', () => {
  let settings = withEnv({ DB_PASSWORD: 'the-first-one' });
  const redact = redactFor(() => settings);
  expect(redact('the-first-one the-second-one')).toBe('[redacted DB_PASSWORD] the-second-one');
  settings = withEnv({ DB_PASSWORD: 'the-second-one' });
  expect(redact('the-first-one the-second-one')).toBe('[redacted DB_PASSWORD] [redacted DB_PASSWORD]');
  settings = withEnv({});
  expect(redact('the-first-one the-second-one')).toBe('[redacted DB_PASSWORD] [redacted DB_PASSWORD]');
});

test('a line of a stream stays as it is, colours and all, unless it holds a secret', () => {
  const redact = redactFor(() => withEnv({ DB_PASSWORD: 'hunter2-long-secret' }));
  const line = (text: string) => JSON.stringify({ type: 'x', text }).replace('{', '{ ');
  const coloured = line('\x1b[1mbold\x1b[m');
  expect(redactStreamLine(coloured, redact)).toBe(coloured);
  expect(redactStreamLine('\x1b[1mno JSON', redact)).toBe('\x1b[1mno JSON');
  expect(redactStreamLine(line('is hunter2\x1b[1m-long-secret'), redact)).toBe(
    '{"type":"x","text":"is [redacted DB_PASSWORD]"}',
  );
});
