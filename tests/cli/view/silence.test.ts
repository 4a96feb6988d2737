import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test, vi } from 'vitest';
import { describeSilence, OpenTools, tellSilence } from '../../../src/cli/view/silence.ts';

const call = (id: string, command: string) =>
  JSON.stringify({
    type: 'assistant',
    message: { content: [{ type: 'tool_use', id, name: 'Bash', input: { command } }] },
  });
const result = (id: string) =>
  JSON.stringify({ type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] } });

test('a silence is told of, less and less often, until something comes', async () => {
  vi.useFakeTimers();
  try {
    let come: (line: string) => void = () => undefined;
    async function* listLines() {
      yield 'first';
      yield await new Promise<string>((resolve) => (come = resolve));
    }
    const seen: (string | null)[] = [];
    const read = (async () => {
      for await (const line of tellSilence(listLines(), 1_000)) seen.push(line);
    })();
    await vi.advanceTimersByTimeAsync(999);
    expect(seen).toEqual(['first']);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual(['first', null]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(seen).toEqual(['first', null, null, null]);
    come('second');
    await read;
    expect(seen).toEqual(['first', null, null, null, 'second']);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('the tool that has no result yet is named, with the time of the last output', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'branchboard-silence-'));
  try {
    const path = join(folder, 'stream.jsonl');
    const now = new Date(2026, 0, 2, 14, 34).getTime();
    writeFileSync(path, '');
    utimesSync(path, (now - 120_000) / 1_000, (now - 120_000) / 1_000);
    const tools = new OpenTools();
    for (const line of [call('1', 'npm ci'), result('1'), call('2', 'npm test'), 'no json']) tools.see(line);
    expect(stripVTControlCharacters((await describeSilence(tools, path, now)) ?? '')).toBe(
      '… Bash npm test: nothing since 14:32 (2 min)',
    );
    tools.see(result('2'));
    expect(stripVTControlCharacters((await describeSilence(tools, path, now)) ?? '')).toBe(
      '… its agent thinks: nothing since 14:32 (2 min)',
    );
    expect(await describeSilence(tools, join(folder, 'gone'), now)).toBeNull();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
