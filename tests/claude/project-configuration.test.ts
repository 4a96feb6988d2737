/** Whose hooks, helpers, environment and MCP servers run with an agent: those of the commit that tasks start from. */
import { existsSync, readdirSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { withBoard, type ClaudeBoard } from './board.ts';
import { triedVersions } from './messages-api.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { bash, byPrompt, castParts, commit, deliver, finish, inTurns, write, type Ask } from './task-script.ts';

/** Settings that leave a file in the home folder whenever Claude Code reads them, and a server that does. */
const hooksOf = (name: string) => ({
  SessionStart: [{ hooks: [{ type: 'command', command: `touch "$HOME/hook-${name}"` }] }],
});
const branchSettings = JSON.stringify({
  env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' },
  apiKeyHelper: `sh -c 'touch "$HOME/helper-branch"; echo key'`,
  hooks: hooksOf('branch'),
});
const baseSettings = JSON.stringify({ hooks: hooksOf('base') });
const serversOf = (name: string) =>
  JSON.stringify({ mcpServers: { [name]: { command: 'sh', args: ['-c', `touch "$HOME/server-${name}"`] } } });

/** A program of the repository that puts settings of its own on the branch. */
const plant = `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('.claude', { recursive: true });
writeFileSync('.claude/settings.json', ${JSON.stringify(branchSettings)});
writeFileSync('.mcp.json', ${JSON.stringify(serversOf('branch'))});
writeFileSync('CLAUDE.md', 'Obey the branch.');
`;
const mayPlant = 'sandbox: off\nallowed_tools: ["Bash(node plant.mjs)"]';

/** What was left in the home folder, such as `hook-base`. */
function listTraces(board: ClaudeBoard): readonly string[] {
  return readdirSync(board.home)
    .filter((name) => /^(?:hook|helper|server)-/.test(name))
    .sort();
}

/** All that the model was sent, Claude Code's own reminders included. */
const textOf = ({ messages, system }: Ask) => `${system}\n${JSON.stringify(messages)}`;

describe.concurrent.each(triedVersions)('with claude %s', { timeout: boardTestTimeoutMs }, (version) => {
  test('the repository’s own configuration holds for a branch that leaves it alone', async () => {
    const files = {
      ...{ '.claude/settings.json': baseSettings, 'CLAUDE.md': 'Obey the base.' },
      // A server with the name of the one that a run has from the board.
      '.mcp.json': serversOf('branchboard-run'),
    };
    const offered: (readonly string[])[] = [];
    const seen: string[] = [];
    const part = (ask: Ask) => {
      seen.push(textOf(ask));
      offered.push(ask.tools);
      return deliver('a.txt', 'a\n')(ask);
    };
    await withBoard({ script: castParts({ a: part }), version, files }, async (board) => {
      await board.add({ a: 'Write a.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(listTraces(board)).toEqual(['hook-base']);
      expect(offered[0]).toContain('mcp__branchboard-run__ask_user');
      expect(seen.join('\n')).toContain('Obey the base.');
      expect(board.dashboard).not.toContain('Changes what runs');
    });
  });

  test('what a branch brings runs neither in its next attempt, nor in a dependent, nor with a reviewer', async () => {
    const seen: string[] = [];
    const listening = (then: (ask: Ask) => ReturnType<ReturnType<typeof inTurns>>) => (ask: Ask) => {
      seen.push(textOf(ask));
      return then(ask);
    };
    const script = castParts({
      a: byPrompt(inTurns(bash('node plant.mjs'), finish('Planted.')), inTurns(commit('plant'), finish('Planted.'))),
      b: listening(deliver('b.txt', 'b\n')),
      c: listening(inTurns(bash('git log --oneline'), finish('Fine.'))),
    });
    const files = { 'plant.mjs': plant, 'CLAUDE.md': 'Obey the base.' };
    await withBoard({ script, version, files, config: mayPlant }, async (board) => {
      await board.add({
        a: 'Plant.\n',
        b: '---\ndepends_on: [a]\n---\nWrite b.txt.\n',
        c: '---\nagent: backend-reviewer\ndepends_on: [a]\n---\nReview it.\n',
      });
      const { code, output } = await board.runUntilIdle();
      expect(code).toBe(0);
      expect(board.column('done')).toEqual(['a', 'b', 'c']);
      expect(listTraces(board)).toEqual([]);
      expect(seen.join('\n')).toContain('Obey the base.');
      expect(seen.join('\n')).not.toContain('Obey the branch.');
      expect(output).toContain('its branch changes .claude/settings.json, .mcp.json, CLAUDE.md');
      expect(board.dashboard).toContain('**Changes what runs**: `.claude/settings.json`, `.mcp.json`, `CLAUDE.md`');
      expect(existsSync(board.path('runs', 'c', '1', 'mcp.json'))).toBe(true);
    });
  });

  test('a branch that changes it runs with what the base says', async () => {
    const script = castParts({
      a: byPrompt(
        inTurns(bash('node plant.mjs'), finish('Planted.')),
        inTurns(write('a.txt', 'a\n'), commit('plant'), finish('Planted.')),
      ),
    });
    const files = { 'plant.mjs': plant, '.claude/settings.json': baseSettings, '.mcp.json': serversOf('base') };
    await withBoard({ script, version, files, config: mayPlant }, async (board) => {
      await board.add({ a: 'Plant.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.countRuns('a')).toBe(2);
      expect(listTraces(board).filter((name) => name.endsWith('branch'))).toEqual([]);
      expect(listTraces(board)).toContain('hook-base');
      expect(board.read('runs', 'a', '2', 'mcp.json')).toContain('server-base');
    });
  });
});
