/** The board as tools of an MCP server, asked by the official client over standard input and output. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, cliMain, waitUntil, withBoard, type ScratchBoard } from './board.ts';

/** What a tool told. */
interface Told {
  readonly text: string;
  readonly isError: boolean;
}

/** What a tool tells that does not wait for what comes of it. */
const isAsked = 'It is asked, and goes on. wait_for_change tells what comes of it.';

/** A client of the board's server; `env` is added to the server's environment. */
async function connect(board: ScratchBoard, env: Readonly<Record<string, string>> = {}) {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [cliMain, 'mcp', '--repo', board.repo],
      env: { ...board.environment, ...env },
      stderr: 'ignore',
    }),
  );
  const ask = async (name: string, input: Readonly<Record<string, unknown>> = {}): Promise<Told> => {
    const { content, isError } = await client.callTool({ name, arguments: input });
    const [first] = content as readonly { readonly text: string }[];
    return { text: first?.text ?? '', isError: isError === true };
  };
  /** Asks, and hears what comes of it, however long that takes. */
  const call = async (name: string, input: Readonly<Record<string, unknown>> = {}): Promise<Told> => {
    const told = await ask(name, input);
    return told.text === isAsked ? hear(name) : told;
  };
  /** Waits until it is told what came of a tool. */
  const hear = async (name: string): Promise<Told> => {
    for (;;) {
      const told = await ask('wait_for_change', { seconds: 50 });
      if (new RegExp(`^${name} .*came to its end`, 'm').test(told.text)) return told;
    }
  };
  return { client, ask, call, hear };
}

const taskOf = (...script: readonly string[]) => `# Do it\n\n\`\`\`agent-script\n${script.join('\n')}\n\`\`\`\n`;

test.concurrent(
  'a session adds tasks, hears what happens, answers, tells, looks and merges what it looked at',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      const running = await board.start();
      const { client, ask, call, hear } = await connect(board);
      const { tools } = await client.listTools();
      const ends = tools.flatMap(({ name, annotations }) => (annotations?.destructiveHint === true ? [name] : []));
      expect(ends.sort()).toEqual(['cancel', 'discard', 'merge']);
      expect(tools.find(({ name }) => name === 'diff')?.annotations?.readOnlyHint).toBe(true);

      expect((await call('wait_for_change', { seconds: 1 })).text).toBe('Nothing changed.');
      const gate = board.gate('go');
      const script = ['ask Which <b>one</b>?', `wait-for ${gate}`, ...addFile('a.txt')];
      const added = await call('add', { text: taskOf(...script), title: '--allow', priority: 'high' });
      expect(added.text).toContain('Added .orchestrator/inbox/');
      await board.arrive('attention', 'allow');
      const news = await call('wait_for_change');
      expect(news.text).toMatch(/data and no instruction:\n<board-[0-9a-f]{8}>\n[^]*allow: new, [^]*<\/board-/);

      expect((await call('answer', { id: 'allow', text: '--help' })).text).toContain('attention/ → queued/');
      await waitUntil('the agent at work', () => board.dashboard.includes('## Active'));
      expect((await call('note', { id: 'allow', text: 'Take the second.' })).text).toContain('its agent is told');
      board.open('go');
      await board.arrive('done', 'allow');
      expect((await call('logs', { id: 'allow' })).text).toContain('Take the second.');
      const { text: diff } = await call('diff', { id: 'allow' });
      expect(diff).toContain('+a.txt');
      expect((await call('review', { id: 'allow' })).text).toContain('runs/allow/review.md');
      const commit = /is at ([0-9a-f]{12})/.exec(diff)?.[1];
      expect(commit).toBe(board.git('rev-parse', '--short=12', 'task/allow'));

      const stale = await call('merge', { id: 'allow', commit: '0123456' });
      expect(stale.text).toContain('and not at 0123456');
      expect((await call('merge', { id: 'allow', commit })).text).toContain('merged into main');
      expect(board.git('show', 'main:a.txt')).toBe('a.txt');

      // A board that does not answer keeps nobody.
      running.signal('SIGSTOP');
      expect(await ask('resume')).toEqual({ text: isAsked, isError: false });
      running.signal('SIGCONT');
      expect((await hear('resume')).isError).toBe(false);
      const bad = await call('show', { id: '../x' });
      expect(bad.isError).toBe(true);
      // What a tool is said to do is the same, whatever tasks and agents say.
      expect((await client.listTools()).tools).toEqual(tools);
      await client.close();
      expect((await board.stop(running)).code).toBe(0);

      const later = await connect(board);
      expect((await later.call('pause')).text).toContain('No new starts');
      expect((await later.call('status')).text).toContain('aused');
      await later.client.close();
    }),
);

test.concurrent('a process of a run looks, and has no other tool', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    const { client, call } = await connect(board, { BRANCHBOARD_RUN: 'x/1' });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(['diff', 'logs', 'show', 'status', 'wait_for_change']);
    expect((await call('status')).isError).toBe(false);
    expect((await call('pause')).isError).toBe(true);
    await client.close();
  }),
);

test.concurrent(
  'init --claude shows what it would write, and changes nothing that is there',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      const pathOf = (name: string) => join(board.repo, name);
      writeFileSync(pathOf('.mcp.json'), '{"mcpServers": {"mine": {"command": "x"}}, "more": 1}');
      mkdirSync(pathOf('.claude/agents'), { recursive: true });
      writeFileSync(pathOf('.claude/agents/orchestrator.md'), 'mine\n');
      const mine = { hooks: [{ type: 'command', command: 'x' }] };
      writeFileSync(
        pathOf('.claude/settings.json'),
        JSON.stringify({ model: 'opus', hooks: { UserPromptSubmit: [mine] } }),
      );
      const shown = await board.succeed('init', '--claude');
      expect(shown).toContain('.claude/agents/orchestrator.md is there already, and stays as it is');
      expect(shown).toContain('name: branchboard');
      expect(existsSync(pathOf('.claude/skills'))).toBe(false);
      await board.succeed('init', '--claude', '--yes');
      expect(JSON.parse(readFileSync(pathOf('.mcp.json'), 'utf8'))).toEqual({
        mcpServers: { mine: { command: 'x' }, branchboard: { command: 'branchboard', args: ['mcp'] } },
        more: 1,
      });
      expect(readFileSync(pathOf('.claude/agents/orchestrator.md'), 'utf8')).toBe('mine\n');
      expect(JSON.parse(readFileSync(pathOf('.claude/settings.json'), 'utf8'))).toEqual({
        model: 'opus',
        hooks: {
          UserPromptSubmit: [mine, expect.objectContaining({ hooks: [expect.objectContaining({ timeout: 5 })] })],
        },
      });
      const again = await board.succeed('init', '--claude', '--yes');
      expect(again).not.toContain('Wrote');
      writeFileSync(pathOf('.mcp.json'), 'not json');
      expect(await board.succeed('init', '--claude', '--yes')).toContain("can't be understood, and stays as it is");
    }),
);
