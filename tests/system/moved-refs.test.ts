/** Branches that an agent moved beside its own: told wherever the user looks, with a command that undoes it. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { boardTestTimeoutMs, waitUntil, withBoard, type ScratchBoard } from './board.ts';
import { fakeAgent, waitUntilStreamed, writeAgent } from './fake-agent.ts';

const timeout = boardTestTimeoutMs;

/** The board's branches aside, where all refs of the repository are. */
function refsOf(board: ScratchBoard): string {
  const refs = board.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/tags');
  return refs
    .split('\n')
    .filter((line) => !line.startsWith('refs/heads/task/'))
    .join('\n');
}

test.concurrent('what an agent moved is told, and what is told can be typed to undo it', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    for (const args of [
      ['branch', 'old'],
      ['tag', 'v1'],
    ])
      board.git(...args);
    const before = refsOf(board);
    const spoil =
      'git update-ref refs/heads/main HEAD; git branch evil; git tag evil; git branch -D old; git tag -f v1';
    writeAgent(board, `work a.txt\n${spoil}\nend`);
    board.drop({ 'job.md': '# Job\n' });
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.task('job')).toMatchObject({ column: 'done', commits: 1 });
    const told = [
      'The branch main moved',
      'The branch evil was made',
      'The branch old was deleted',
      'The tag v1 moved',
    ];
    const places = [board.dashboard, board.read('done', 'job.md'), await board.succeed('show', 'job')];
    for (const place of places) for (const words of told) expect(place).toContain(words);
    expect(board.happened('refs-moved')).toMatchObject([{ run: { task: 'job', n: 1 } }]);
    expect(refsOf(board)).not.toBe(before);
    for (const [, command = ''] of board.dashboard.matchAll(/To undo it: `([^`]+)`/g)) {
      execFileSync('sh', ['-c', command], { cwd: board.repo, env: board.environment });
    }
    expect(refsOf(board)).toBe(before);
    expect(board.git('status', '--porcelain', '--untracked-files=no')).toBe('');
  }),
);

test.concurrent('it is told of an agent that failed, too, and that moved it while no board ran', { timeout }, () =>
  withBoard({ config: `${fakeAgent}\nretries: 0` }, async (board) => {
    writeAgent(
      board,
      `await ${board.gate('go')}\nwork a.txt\ngit update-ref refs/heads/main HEAD\nsay '{"moved":1}'\nexit 1`,
    );
    board.drop({ 'job.md': '# Job\n' });
    const first = await board.start();
    await waitUntilStreamed(board, 'job', '"init"');
    first.signal('SIGKILL');
    await first.ended;
    board.open('go');
    await waitUntilStreamed(board, 'job', '"moved"');
    await waitUntil('the agent is gone', () => board.findAgentProcesses().length === 0);
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.record('job', 1).exit.moved).toMatchObject([{ ref: 'refs/heads/main', checkout: board.repo }]);
    expect(board.column('attention')).toEqual(['job']);
    const [, needsYou = ''] = board.dashboard.split('## Needs You');
    expect(needsYou).toContain('The branch main moved');
    expect(board.read('attention', 'job.md')).toContain('The branch main moved');
    // The second run moved nothing more.
    expect(board.happened('refs-moved')).toMatchObject([{ run: { n: 1 } }]);
  }),
);

test.concurrent('of what the user does meanwhile, and of other tasks’ branches, nothing is told', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    writeAgent(board, `work "\${BRANCHBOARD_RUN%/*}"\nawait ${board.gate('go')}\nend`);
    board.drop({ 'one.md': '# One\n', 'two.md': '# Two\n' });
    const running = await board.start();
    await waitUntil('both are at work', () =>
      ['one', 'two'].every((id) => board.git('show', `task/${id}:${id}`) === id),
    );
    board.git('switch', '--quiet', '-c', 'mine');
    board.git('commit', '--quiet', '--allow-empty', '--message=mine');
    board.git('switch', '--quiet', 'main');
    board.git('merge', '--quiet', '--no-edit', 'mine', 'task/one');
    board.open('go');
    await board.arrive('done', 'one', 'two');
    await board.stop(running);
    expect(board.happened('refs-moved')).toEqual([]);
  }),
);
