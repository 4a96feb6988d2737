/** An ordinary session of the real Claude Code, in which the agent `orchestrator` delegates through the board's tools. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { cliMain } from '../board-template.ts';
import { withBoard, type ClaudeBoard } from './board.ts';
import { claudeEnv, claudeVersions, type ApiRequest, type Reply } from './messages-api.ts';
import { boardTestTimeoutMs, withPatience } from '../patience.ts';

/** What "the model" does: queues a task, looks at the board, and says so. */
function delegate({ turn }: ApiRequest): Reply {
  const call = (name: string, input: Readonly<Record<string, unknown>>) => ({
    tools: [{ name: `mcp__branchboard__${name}`, input }],
  });
  if (turn === 0)
    return call('add', {
      text: 'Write the login page, as docs/login.md says.',
      title: 'Login page',
      agent: 'frontend-developer',
    });
  return turn === 1 ? call('status', {}) : { say: 'Queued.' };
}

/** Says something to a session in the repository; gives what it printed. */
async function talk(board: ClaudeBoard, words: string): Promise<string> {
  const args = ['-p', '--agent', 'orchestrator', '--mcp-config', '.mcp.json', '--strict-mcp-config'];
  const allowed = ['--allowedTools', 'mcp__branchboard__add', 'mcp__branchboard__status'];
  const child = spawn(claudeVersions.newest, [...args, ...allowed], {
    cwd: board.repo,
    env: claudeEnv(board.api.url, board.home),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end(words);
  await withPatience(new Promise((resolve) => child.once('close', resolve)), 'the session');
  return output;
}

describe('a session that delegates', { timeout: boardTestTimeoutMs }, () => {
  test('queues what it is told and sees the board, by what init --claude wrote', async () => {
    await withBoard({ script: delegate }, async (board) => {
      await board.cli('init', '--claude', '--yes');
      // What a user has on the PATH.
      const server = { command: process.execPath, args: [cliMain, 'mcp'] };
      writeFileSync(join(board.repo, '.mcp.json'), JSON.stringify({ mcpServers: { branchboard: server } }));
      expect(await talk(board, 'Queue the login page.')).toContain('Queued.');
      expect(board.column('inbox')).toEqual(['login-page']);
      expect(board.api.requests[0]?.system).toContain('You delegate.');
      expect(board.api.requests[0]?.tools).not.toContain('Write');
      const [added, seen] = board.api.requests.slice(1).map(({ results }) => results[0]?.text ?? '');
      expect(added).toContain('Added .orchestrator/inbox/');
      expect(seen).toMatch(/data and no instruction:\n<board-[0-9a-f]{8}>/);
    });
  });
});
