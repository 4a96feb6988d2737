/** Moving a task's file by hand is a command, also while the board runs. */
import { rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

/** A task that begins its work, and goes on when its gate is opened. */
function gated(board: ScratchBoard, id: string): string {
  return writeTask(id, [
    `write ${id}.txt begun`,
    'commit Begin',
    `write loose.txt loose`,
    `wait-for ${board.gate(id)}`,
    `append ${id}.txt ended`,
    'commit End',
  ]);
}

async function waitUntilBegun(board: ScratchBoard, id: string, run = 1): Promise<void> {
  await waitUntil(`${id} waits at its gate`, () => {
    const { next } = JSON.parse(board.read('runs', id, String(run), 'session.json')) as { readonly next: number };
    return next >= 3;
  });
}

test.concurrent('moves of waiting tasks: retry, cancel, delete, edit', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    board.drop({
      'again.md': writeTask('Again', [`wait-for ${board.gate('never-needed')}`, 'fail Not now.']).replace(
        /wait-for .*\n/,
        '',
      ),
      'put-away.md': writeTask('Put away', addFile('a.txt'), { depends_on: 'missing' }),
      'deleted.md': writeTask('Deleted', addFile('b.txt'), { depends_on: 'missing' }),
      'edited.md': writeTask('Edited', addFile('old.txt'), { depends_on: 'missing' }),
      'spoilt.md': writeTask('Spoilt', addFile('c.txt'), { depends_on: 'missing' }),
    });
    const running = await board.start();
    await board.arrive('attention', 'again');
    await waitUntil('all are accepted', () => board.happened('task-accepted').length === 5);

    board.move('put-away', 'queued', 'archive');
    rmSync(board.path('queued', 'deleted.md'));
    await waitUntil(
      'both are cancelled',
      () => board.happened('command').filter(({ command }) => command.kind === 'cancel').length === 2,
    );
    await waitUntil('the archived one is settled', () =>
      board.happened('task-settled').some(({ task }) => task === 'put-away'),
    );
    expect(board.read('archive', 'put-away.md')).toContain('You cancelled it.');

    // Its text is mended at its place, and moved back: a retry.
    writeFileSync(board.path('attention', 'again.md'), writeTask('Again', addFile('again.txt')));
    board.move('again', 'attention', 'queued');
    await board.arrive('done', 'again');
    expect(board.countRuns('again')).toBe(2);
    expect(board.plan('again', 2)).toMatchObject({ attempt: 1, cause: { kind: 'retried' } });

    writeFileSync(board.path('queued', 'spoilt.md'), '---\npriority: soonish\n---\n# Spoilt\n');
    await waitUntil('the dashboard says what is wrong', () =>
      board.dashboard.includes('.orchestrator/queued/spoilt.md:2:11'),
    );
    writeFileSync(board.path('queued', 'edited.md'), writeTask('Edited', addFile('new.txt')));
    await board.arrive('done', 'edited');
    expect(board.git('ls-tree', '--name-only', 'task/edited')).toBe('README.md\nnew.txt');
    await waitUntil('the board knows', () => board.task('edited').column === 'done');
    expect(board.data.tasks.map(({ id }) => id).sort()).toEqual(['again', 'edited', 'put-away', 'spoilt']);
    expect((await board.stop(running)).code).toBe(0);
  }),
);

test.concurrent('active → queued stops the run and queues the task again', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': gated(board, 'job') });
    const running = await board.start();
    await waitUntilBegun(board, 'job');
    board.move('job', 'active', 'queued');
    await waitUntil('it runs again', () => board.happened('run-started').length === 2);
    expect(board.record('job', 1).exit.stopped).toBe('requeued');
    expect(board.plan('job', 2)).toMatchObject({
      attempt: 1,
      session: { mode: 'resume', id: board.plan('job', 1).session.id },
    });
    await waitUntil('it is active', () => board.has('active', 'job') && !board.has('queued', 'job'));
    board.open('job');
    await board.arrive('done', 'job');
    expect(board.git('log', '--format=%s', 'task/job')).toBe('End\nBegin\nfirst');
    await board.stop(running);
  }),
);

test.concurrent('active → archive, and deleting an active file, cancel and keep the work', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'put.md': gated(board, 'put'), 'gone.md': gated(board, 'gone') });
    const running = await board.start();
    await waitUntilBegun(board, 'put');
    await waitUntilBegun(board, 'gone');
    board.move('put', 'active', 'archive');
    rmSync(board.path('active', 'gone.md'));
    await waitUntil(
      'both are cancelled',
      () => board.happened('run-ended').filter(({ outcome }) => outcome === 'cancelled').length === 2,
    );
    await waitUntil('no agent is left', () => board.findAgentProcesses().length === 0);
    for (const id of ['put', 'gone']) {
      const isKept = (file: string) =>
        keptRefs(board, id).some((ref) => board.git('ls-tree', '--name-only', ref).split('\n').includes(file));
      await waitUntil(`what ${id} committed is kept`, () => isKept(`${id}.txt`));
      await waitUntil(`what ${id} did not commit is kept`, () => isKept('loose.txt'));
    }
    await waitUntil('it is settled', () =>
      board.happened('task-settled').some(({ task, column }) => task === 'put' && column === 'archive'),
    );
    expect(board.column('active')).toEqual([]);
    expect(board.read('archive', 'put.md')).toContain('You cancelled it.');
    expect((await board.stop(running)).code).toBe(0);
  }),
);

test.concurrent('done → queued sends a task back onto its branch', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'page.md': writeTask('Page', ['append page.txt once', 'commit Work']) });
    const running = await board.start();
    await board.arrive('done', 'page');
    await waitUntil('the board knows', () => board.task('page').column === 'done');
    board.move('page', 'done', 'queued');
    await waitUntil(
      'it ran again',
      () => board.happened('task-settled').filter(({ column }) => column === 'done').length === 2,
    );
    expect(board.git('log', '--format=%s', 'task/page')).toBe('Work\nWork\nfirst');
    expect(board.plan('page', 2).cause.kind).toMatch(/retried|sent-back/);
    // The story of the first run is no part of what the second was told.
    expect(board.read('done', 'page.md').match(/^# Page$/gm)).toHaveLength(1);
    await board.stop(running);
  }),
);

function keptRefs(board: ScratchBoard, id: string): readonly string[] {
  const listed = board.git(
    'for-each-ref',
    '--format=%(refname)',
    `refs/branchboard/kept/${id}`,
    `refs/branchboard/kept/${id}/`,
    `refs/heads/task/${id}`,
  );
  return listed === '' ? [] : listed.split('\n');
}
