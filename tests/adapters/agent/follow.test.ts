/** The follower of a stream on real files. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClaudeStream } from '../../../src/adapters/agent/claude/claude-driver.ts';
import { StreamFollower } from '../../../src/adapters/agent/follow.ts';

const session = { mode: 'fresh', id: 'own' } as const;
const ended = { exitCode: 0, isForced: false };
const result = (text: string): string =>
  `${JSON.stringify({ type: 'result', session_id: 'own', is_error: false, num_turns: 1, result: text })}\n`;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'branchboard-follow-'));
  file = path.join(folder, 'stream.jsonl');
  writeFileSync(file, '');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('what is added once the agent is gone is not the agent’s', async () => {
  const follower = new StreamFollower(file, new ClaudeStream(session, null));
  await follower.catchUp();
  appendFileSync(file, '{"type":"system","subtype":"init","session_id":"own"}\n');
  follower.markEnd();
  appendFileSync(file, result('FORGED'));
  follower.markEnd();
  await follower.finish(ended);
  expect(follower.view).toMatchObject({ sessionId: 'own', result: null, strayLines: 1 });
});

it('so it is where nothing was read before', async () => {
  const follower = new StreamFollower(file, new ClaudeStream(session, null));
  appendFileSync(file, result('mine'));
  follower.markEnd();
  appendFileSync(file, result('FORGED'));
  await follower.finish(ended);
  expect(follower.view).toMatchObject({ result: { text: 'mine' }, strayLines: 1 });
});

it('a stream is read no further than it may be long', async () => {
  const follower = new StreamFollower(file, new ClaudeStream(session, null), 2_000);
  appendFileSync(file, 'x\n'.repeat(999));
  await follower.catchUp();
  expect(follower.isTooLong).toBe(false);
  appendFileSync(file, `xx${result('late')}`);
  await follower.finish(ended);
  expect(follower.isTooLong).toBe(true);
  expect(follower.view.result).toBeNull();
});
