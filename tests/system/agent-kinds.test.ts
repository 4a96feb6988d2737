/** A task, or its role, chooses the kind of agent that works on it. */
import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunPlan } from '../../src/domain/run.ts';
import { addFile, boardTestTimeoutMs, withBoard, writeTask } from './board.ts';
import { fakeAgent, writeAgent } from './fake-agent.ts';

const timeout = boardTestTimeoutMs;

test.concurrent('kinds work side by side, each read by its own driver; an unknown one is refused', { timeout }, () =>
  withBoard({ config: `${fakeAgent}\ntask_rights: { runner: [scripted] }` }, async (board) => {
    writeAgent(board, 'work plain.txt; end');
    mkdirSync(board.path('templates'), { recursive: true });
    board.write('templates/actor.md', '---\nrunner: scripted\n---\nFollow the script.\n');
    board.drop({
      'plain.md': '# Plain\n',
      'by-task.md': writeTask('By task', addFile('task.txt'), { runner: 'scripted' }),
      'by-role.md': writeTask('By role', addFile('role.txt'), { agent: 'actor' }),
      'odd.md': '---\nrunner: scriptd\n---\n# Odd\n',
    });
    await board.runUntilIdle();
    expect(board.dashboard).toMatch(
      /odd\.md:2:9.*scriptd.*expected one of claude, scripted \(the nearest is .*scripted/,
    );
    expect(board.column('inbox')).toEqual(['odd']);
    const kindOf = (id: string) =>
      (JSON.parse(board.read('runs', id, '1', 'plan.json')) as RunPlan).terms?.agent.kind ?? null;
    expect(['plain', 'by-task', 'by-role'].map((id) => [kindOf(id), board.task(id).column])).toEqual([
      ['claude', 'done'],
      ['scripted', 'done'],
      ['scripted', 'done'],
    ]);
  }),
);

test.concurrent('a dropped file that chooses another kind than the settings waits for a yes', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    writeAgent(board, 'work plain.txt; end');
    board.drop({ 'script.md': writeTask('Script', addFile('a.txt'), { runner: 'scripted' }) });
    await board.runUntilIdle();
    expect(board.column('queued')).toEqual(['script']);
    await board.succeed('grant', 'script');
    await board.runUntilIdle();
    expect(board.column('done')).toEqual(['script']);
  }),
);
