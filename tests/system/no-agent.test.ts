/** An agent that is not on the machine: a start says so, and a board that runs waits for it and charges nobody. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { boardTestTimeoutMs, waitUntil, withBoard } from './board.ts';
import { fakeAgent, writeAgent } from './fake-agent.ts';

const timeout = boardTestTimeoutMs;

test.concurrent.each([[[]], [['--detach']], [['--until-idle']]])(
  'a start without one ends with 5, says what to do, and touches nothing (%j)',
  { timeout },
  (args) =>
    withBoard({ config: 'agent: { command: no-such-agent }' }, async (board) => {
      board.drop({ 'job.md': '# Job\n' });
      const { code, stderr } = await board.cli('start', ...args);
      expect(code).toBe(5);
      expect(stderr).toBe(
        'error: no-such-agent: command not found; install it, or set agent.command in .orchestrator/config.yaml\nbranchboard doctor says more.\n',
      );
      expect(board.column('inbox')).toEqual(['job']);
    }),
);

test.concurrent('one that is gone while the board runs is waited for, and no task is charged', { timeout }, () =>
  withBoard({ config: `${fakeAgent}\nretries: 0` }, async (board) => {
    writeAgent(board, 'work $BRANCHBOARD_ATTEMPT.txt; end');
    const [agent, away] = [join(board.repo, 'agent.sh'), join(board.root, 'away.sh')];
    const running = await board.start();
    renameSync(agent, away);
    board.drop({ 'one.md': '# One\n', 'two.md': '# Two\n' });
    await waitUntil('the board waits', () => board.data.paused?.reason === 'no-agent');
    await waitUntil('it is told', () => board.dashboard.includes('No new starts (claude was not found): '));
    expect(board.dashboard).toContain('agent.sh: command not found');
    await waitUntil('both wait', () => board.column('queued').length === 2);
    renameSync(away, agent);
    await board.succeed('resume');
    await board.arrive('done', 'one', 'two');
    await board.stop(running);
    for (const id of ['one', 'two']) expect(board.task(id)).toMatchObject({ column: 'done', attempt: 1 });
  }),
);
