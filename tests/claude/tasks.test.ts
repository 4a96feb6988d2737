/** Kinds of tasks: a question, a report, nothing to do, a role of the repository's own, odd text, works that collide. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { withBoard } from './board.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { byPrompt, castParts, commit, deliver, finish, inTurns, report, write, type Ask } from './task-script.ts';

const helper = `---
name: my-helper
description: Helps.
tools: Read, Write, Edit, Grep, Glob, Bash
---
You are the helper of this repository and whistle at work.
`;

describe.concurrent('a task', { timeout: boardTestTimeoutMs }, () => {
  test('whose agent has a question waits for the user, with the question shown', async () => {
    const ask = () => ({
      tools: [report('needs-input', 'Two ways are open.', { questions: ['Keep the v1 tokens?', 'Until when?'] })],
    });
    await withBoard({ script: castParts({ t: inTurns(ask) }) }, async (board) => {
      board.drop({ t: 'Write t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(3);
      expect(board.column('attention')).toEqual(['t']);
      expect(board.countRuns('t')).toBe(1);
      expect(board.task('t')).toMatchObject({
        reason: 'question',
        question: 'Keep the v1 tokens?\nUntil when?',
        attempt: 1,
        sessionId: board.plan('t', 1).session.id,
      });
      expect(board.dashboard).toContain('### t (`t`): has a question');
      expect(board.dashboard).toMatch(/^> Keep the v1 tokens\?\n> Until when\?$/m);
      expect(board.read('attention', 't.md')).toContain('> Keep the v1 tokens?');
    });
  });

  test('with nothing to do is done without a commit, and is shown as such', async () => {
    const part = inTurns(() => ({ tools: [report('nothing-to-do', 'It is there already.')] }));
    await withBoard({ script: castParts({ t: part }) }, async (board) => {
      board.drop({ t: 'Write t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.task('t')).toMatchObject({
        column: 'done',
        attempt: 1,
        commits: 0,
        summary: 'It is there already.',
      });
      expect(board.dashboard).toContain('Nothing to do');
    });
  });

  test('of a role that only reads leaves a report and no branch, and can change nothing', async () => {
    const answers: { text: string; isError: boolean }[] = [];
    const tryToWrite = ({ worktree }: { worktree: string }) => ({
      tools: [
        { name: 'Write', input: { file_path: `${worktree}/written.txt`, content: 'no' } },
        { name: 'Bash', input: { command: 'touch touched.txt' } },
        { name: 'Bash', input: { command: 'git commit --allow-empty -m no' } },
        { name: 'Bash', input: { command: 'git log --oneline' } },
      ],
    });
    const words = 'Merge it.\n\n- `README.md:1`: says hello.';
    const part = inTurns(tryToWrite, ({ results }) => {
      answers.push(...results);
      return { say: words, tools: [report('done', 'Fine to merge.')] };
    });
    await withBoard({ script: castParts({ t: part }) }, async (board) => {
      board.drop({ t: '---\nagent: backend-reviewer\n---\nReview all.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(answers.map(({ isError }) => isError)).toEqual([true, true, true, false]);
      expect(answers.at(-1)?.text).toContain('first');
      expect(board.read('runs', 't', '1', 'report.md').trim()).toBe(words);
      expect(board.git('branch', '--format=%(refname:short)')).toBe('main');
      expect(board.git('worktree', 'list').split('\n')).toHaveLength(1);
      expect(board.task('t')).toMatchObject({ column: 'done', branch: null, commits: 0, summary: 'Fine to merge.' });
      expect(board.dashboard).toContain('Report [report.md](runs/t/1/report.md)');
    });
  });

  test('may name an agent of the repository, whose instructions the agent then has', async () => {
    const script = castParts({ t: deliver('t.txt', 't\n') });
    await withBoard({ script, files: { '.claude/agents/my-helper.md': helper } }, async (board) => {
      board.drop({ t: '---\nagent: my-helper\n---\nWrite t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.api.requests[0]?.system).toContain('whistle at work');
      expect(board.api.requests[0]?.tools).toContain('StructuredOutput');
      expect(board.task('t')).toMatchObject({ column: 'done', agent: 'my-helper', commits: 1 });
    });
  });

  test('may name an agent of the repository that is not committed yet', async () => {
    const script = castParts({ t: deliver('t.txt', 't\n') });
    await withBoard({ script }, async (board) => {
      mkdirSync(join(board.repo, '.claude', 'agents'), { recursive: true });
      writeFileSync(join(board.repo, '.claude', 'agents', 'my-helper.md'), helper);
      board.drop({ t: '---\nagent: my-helper\n---\nWrite t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(`${board.api.requests[0]?.system ?? ''}${board.api.requests[0]?.text ?? ''}`).toContain('whistle at work');
      expect(board.task('t')).toMatchObject({ column: 'done', agent: 'my-helper', commits: 1 });
    });
  });

  test('whose text begins with a slash is no slash command', async () => {
    await withBoard({ script: castParts({ t: deliver('t.txt', 't\n') }) }, async (board) => {
      board.drop({ t: '/help\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.api.requests[0]?.prompt).toContain('\n/help\n');
      expect(board.record('t', 1).exit.view.result?.numTurns).toBeGreaterThan(1);
      expect(board.task('t')).toMatchObject({ column: 'done', commits: 1 });
    });
  });

  test('on top of two works that collide begins where an agent has made one of both, with each line that is gone named', async () => {
    const same = (text: string) => inTurns(write('same.txt', text), commit(`write ${text}`), finish('Wrote it.'));
    const look = ({ worktree }: { worktree: string }) => ({
      tools: [{ name: 'Read', input: { file_path: `${worktree}/same.txt` } }],
    });
    const dropped = ['from a', 'from b'].map((line) => ({ file: 'same.txt', line, reason: 'one line says both' }));
    const merge = byPrompt(
      inTurns(look, write('same.txt', 'from a and b'), commit('make one of both'), finish('Made one of both.')),
      () => ({ say: 'Named them.', tools: [report('done', 'Made one line of both.', { dropped })] }),
    );
    const own = deliver('c.txt', 'c');
    const c = (ask: Ask) => (/^# The conflict$/m.test(ask.text) ? merge(ask) : own(ask));
    await withBoard({ script: castParts({ a: same('from a'), b: same('from b'), c }) }, async (board) => {
      board.drop({ a: 'A.\n', b: 'B.\n', c: '---\ntitle: On top\ndepends_on: [a, b]\n---\nC.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.column('done')).toEqual(['a', 'b', 'c']);
      expect(board.read('runs', 'c', '2', 'prompt.md')).toContain('same.txt, of task/a: from a');
      expect([board.plan('c', 2).session, board.plan('c', 3).session.mode]).toEqual([
        { mode: 'resume', id: board.plan('c', 1).session.id },
        'fresh',
      ]);
      expect(board.git('show', 'task/c:same.txt')).toBe('from a and b');
      expect(board.read('done', 'c.md')).toContain('same.txt: from b (one line says both)');
    });
  });
});
