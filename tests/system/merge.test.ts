/** The verb `merge`: what was checked goes into the base, once, on a board that runs and on one that doesn't. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, isAlive, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

async function finish(board: ScratchBoard, tasks: Readonly<Record<string, string>>): Promise<void> {
  board.drop(tasks);
  await board.runUntilIdle();
  expect(board.column('done')).toEqual(Object.keys(tasks).map((name) => name.replace('.md', '')));
}

const tip = (board: ScratchBoard, name = 'main'): string => board.git('rev-parse', name);

/** The tasks that the base's commits name, the newest first. */
const listTrailers = (board: ScratchBoard): readonly string[] =>
  board.git('log', '--format=%(trailers:key=Task,valueonly,separator=)', 'main').split('\n').filter(Boolean);

test.concurrent('takes the work over the same way, whether or not a board runs', { timeout }, async () => {
  const told: unknown[] = [];
  for (const isRunning of [false, true]) {
    await withBoard({}, async (board) => {
      await finish(board, {
        'a.md': writeTask('Add A', addFile('a.txt')),
        'b.md': writeTask('Add B', addFile('b.txt')),
        'c.md': writeTask('Add C', addFile('c.txt')),
      });
      const running = isRunning ? await board.start() : null;
      expect(await board.succeed('merge', 'a', '--check')).toBe('a: task/a merges into main without a conflict.\n');
      const merged = await board.succeed('merge', 'a');
      const again = await board.succeed('merge', 'a');
      const squashed = await board.succeed('merge', 'b', '--squash');
      const rebased = await board.succeed('merge', 'c', '--rebase');
      if (running !== null) await board.stop(running);
      expect(board.git('log', '-2', '--format=%s', 'main').split('\n')).toEqual(['Add c.txt', 'Merge Add B']);
      expect(readFileSync(join(board.repo, 'a.txt'), 'utf8')).toBe('a.txt\n');
      expect(readFileSync(join(board.repo, 'b.txt'), 'utf8')).toBe('b.txt\n');
      expect(listTrailers(board)).toEqual(['c', 'b', 'a']);
      expect(board.git('log', '-1', '--format=%s%n%b', 'main~2')).toBe('Merge Add A\nAdded a.txt.\n\nTask: a');
      expect(board.git('rev-list', '--count', '--no-merges', 'main')).toBe('4');
      for (const id of ['a', 'b', 'c']) expect(board.read('runs', id, 'review.json')).toContain('"merged"');
      const hide = (text: string): string => text.replaceAll(board.repo, 'REPO').replace(/\b[0-9a-f]{10}\b/g, 'COMMIT');
      told.push({
        said: [merged, again, squashed, rebased].map(hide),
        history: board.happened('command').map(({ by, command, outcome, said }) => ({
          ...{ by, outcome, said: hide(said) },
          kind: command.kind,
        })),
      });
    });
  }
  expect(told[1]).toEqual(told[0]);
  expect(told[0]).toMatchObject({
    said: [
      'a: merged into main as COMMIT, and REPO has its files\n',
      'a: its work is merged already\n',
      'b: merged into main as COMMIT, and REPO has its files\n',
      'c: merged into main as COMMIT, and REPO has its files\n',
    ],
  });
});

/** Passes for each task alone, and not for both together; the second part waits for its gate to be opened. */
const checkBoth = (gate: string) => `import { existsSync, readFileSync } from 'node:fs';
if (!existsSync('a.txt') || !existsSync('b.txt')) process.exit(0);
while (!existsSync(${JSON.stringify(gate)})) await new Promise((done) => setTimeout(done, 20));
if (readFileSync(${JSON.stringify(gate)}, 'utf8').includes('red')) { console.log('a and b do not go together'); process.exit(1); }
`;

const checked = { config: 'verify: [node check.mjs]\nsandbox: { mode: "off" }', files: { 'check.mjs': '' } };

async function finishBoth(board: ScratchBoard, gate: string): Promise<void> {
  writeFileSync(join(board.repo, 'check.mjs'), checkBoth(gate));
  board.git('commit', '--quiet', '--all', '--message=The check');
  await finish(board, { 'a.md': writeTask('A', addFile('a.txt')), 'b.md': writeTask('B', addFile('b.txt')) });
  await board.succeed('merge', 'a');
}

test.concurrent('is refused where the checks fail on the merged files, and the base stays as it was', { timeout }, () =>
  withBoard(checked, async (board) => {
    const gate = join(board.home, 'gate');
    writeFileSync(gate, 'red');
    await finishBoth(board, gate);
    const before = tip(board);
    const { code, stderr } = await board.cli('merge', 'b');
    expect([code, tip(board)]).toEqual([2, before]);
    expect(stderr).toContain("b and main together don't pass `node check.mjs`; nothing was merged:");
    expect(stderr).toContain('a and b do not go together');
    expect(existsSync(join(board.repo, 'b.txt'))).toBe(false);
    expect(board.git('worktree', 'list', '--porcelain').match(/^worktree /gm)).toHaveLength(1);
    writeFileSync(gate, 'green');
    await board.succeed('merge', 'b');
    expect(listTrailers(board)).toEqual(['b', 'a']);
  }),
);

test.concurrent('is made once where the board is killed in the middle of it', { timeout }, () =>
  withBoard(checked, async (board) => {
    const gate = join(board.home, 'gate');
    await finishBoth(board, gate);
    const asker = board.launch(['merge', 'b']);
    await waitUntil('the merged files are checked', () => board.findAgentProcesses().length > 0);
    asker.signal('SIGKILL');
    await waitUntil('it is gone', () => !isAlive(asker.pid));
    writeFileSync(gate, 'green');
    const running = await board.start();
    await waitUntil('b is merged', () => board.task('b').review?.state === 'merged');
    await board.stop(running);
    expect(board.git('worktree', 'list', '--porcelain').match(/^worktree /gm)).toHaveLength(1);
    expect(listTrailers(board)).toEqual(['b', 'a']);
    expect(board.happened('command').filter(({ command }) => command.kind === 'merge')).toHaveLength(2);
  }),
);

test.concurrent('names what stands in its way, and changes nothing', { timeout }, () =>
  withBoard({}, async (board) => {
    await finish(board, {
      'clash.md': writeTask('Clash', ['write README.md theirs', 'commit Theirs', 'summary Wrote it.']),
      'hook.md': writeTask('Hook', ['write .claude/settings.json {}', 'commit Hook', 'summary Wrote it.']),
      'late.md': writeTask('Late', addFile('late.txt')),
    });
    writeFileSync(join(board.repo, 'README.md'), 'ours\n');
    board.git('commit', '--quiet', '--all', '--message=Ours');
    const before = tip(board);
    const conflict = await board.cli('merge', 'clash');
    expect([conflict.code, conflict.stderr]).toEqual([
      2,
      expect.stringContaining('clash changes the same places as main: README.md') as string,
    ]);
    expect((await board.cli('merge', 'clash', '--check')).code).toBe(3);
    // What came after the task was done counts as well.
    board.git('switch', '--quiet', 'task/late');
    writeFileSync(join(board.repo, '.mcp.json'), '{}');
    board.git('add', '.mcp.json');
    board.git('commit', '--quiet', '--message=Later');
    board.git('switch', '--quiet', 'main');
    const late = await board.cli('merge', 'late');
    expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('runs on your machine: .mcp.json') as string]);
    const unsafe = await board.cli('merge', 'hook');
    expect([unsafe.code, unsafe.stderr]).toEqual([
      2,
      expect.stringMatching(
        /changes what runs on your machine: \.claude\/settings\.json[^]*merge hook --what-runs/,
      ) as string,
    ]);
    expect(tip(board)).toBe(before);
    board.drop({ 'wait.md': writeTask('Wait', ['ask Which?']) });
    await board.runUntilIdle();
    expect((await board.cli('merge', 'wait')).code).toBe(2);
    await board.succeed('merge', 'hook', '--what-runs');
    expect(existsSync(join(board.repo, '.claude', 'settings.json'))).toBe(true);
  }),
);

test.concurrent('all that is ready is merged, dependencies first, until one is refused', { timeout }, () =>
  withBoard({}, async (board) => {
    const write = (text: string) => [`write README.md ${text}`, `commit ${text}`, `summary Wrote ${text}.`];
    await finish(board, {
      'a.md': writeTask('A', addFile('a.txt'), { depends_on: 'z' }),
      'k.md': writeTask('K', write('k')),
      'l.md': writeTask('L', write('l'), { depends_on: 'a' }),
      'z.md': writeTask('Z', addFile('z.txt')),
    });
    expect(await board.succeed('merge', 'k', '--check')).toBe(
      'k: task/k merges into main without a conflict.\nk: it changes the same lines as l, which is ready as well: README.md\n',
    );
    // The board told that when they were done, and offers first what leads to no conflict.
    const same = 'It changes the same lines as';
    expect(board.dashboard).toContain(`${same} \`l\` (README.md): what is merged last has to be mended`);
    expect(board.dashboard.match(/^### \w \(`(\w)`\)/gm)?.map((line) => line.at(4))).toEqual(['Z', 'A', 'K', 'L']);
    expect(await board.succeed('show', 'l')).toContain(`${same} \`k\` (README.md)`);
    expect((await board.cli('merge')).code).toBe(2);
    const { code, stdout, stderr } = await board.cli('merge', '--all');
    expect([code, stdout.split('\n').filter(Boolean).length]).toEqual([2, 3]);
    expect(stderr).toMatch(/l changes the same places as main: README\.md[^]*Then go on: branchboard merge --all/);
    const trailers = listTrailers(board);
    expect([...trailers].sort()).toEqual(['a', 'k', 'z']);
    expect(trailers.indexOf('a')).toBeLessThan(trailers.indexOf('z'));
    await board.succeed('discard', 'l');
    expect(await board.succeed('merge', '--all')).toBe('Nothing is ready to be merged.\n');
  }),
);

test.concurrent('a ticked box merges the commit that it names, and what changes what runs has none', { timeout }, () =>
  withBoard({}, async (board) => {
    const running = await board.start();
    board.drop({
      'a.md': writeTask('Add A', addFile('a.txt')),
      'b.md': writeTask('Add B', addFile('b.txt')),
      'c.md': writeTask('Add C', addFile('.mcp.json')),
    });
    const boxOf = (id: string) =>
      `- [ ] Merge \`${tip(board, `task/${id}`).slice(0, 7)}\` into \`main\` <!-- merge ${id} done 1 ${tip(board, `task/${id}`)} main -->`;
    for (const id of ['a', 'b', 'c']) await board.arrive('done', id);
    const [takeA, takeB, takeC] = ['a', 'b', 'c'].map(boxOf);
    await waitUntil('both are offered, and the verb for the third', () =>
      [`${String(takeA)}\n`, `${String(takeB)}\n`, 'branchboard merge c'].every((text) =>
        board.dashboard.includes(text),
      ),
    );
    expect(board.dashboard).not.toContain(takeC);

    // The branch goes on after its box was shown.
    board.git(
      'update-ref',
      'refs/heads/task/b',
      board.git('commit-tree', 'task/b^{tree}', '-p', 'task/b', '-m', 'More'),
    );
    const ticked = [takeA ?? '', takeB ?? ''].reduce(
      (text, box) => text.replace(box, box.replace('[ ]', '[x]')),
      board.dashboard,
    );
    writeFileSync(board.path('DASHBOARD.md'), ticked);
    await waitUntil('both are answered', () => board.happened('command').length === 2);
    expect(listTrailers(board)).toEqual(['a']);
    expect(existsSync(join(board.repo, 'a.txt'))).toBe(true);
    await waitUntil('the dashboard says why', () => /Merge: nothing was done: b .*\(\d\d:\d\d\)/.test(board.dashboard));
    expect(board.dashboard).not.toContain('[x] Merge');
    await waitUntil('and what was merged', () => /Merge: merged into main as [0-9a-f]{10}/.test(board.dashboard));
    await board.stop(running);
    expect(
      board
        .happened('command')
        .map(({ by, command, outcome }) => [by, command.kind, outcome])
        .sort(),
    ).toEqual([
      ['dashboard', 'merge', 'done'],
      ['dashboard', 'merge', 'not-now'],
    ]);
    expect(
      (await board.json<{ commands: readonly { kind: string; unfit: unknown }[] }>('show', 'a')).commands,
    ).toContainEqual(
      expect.objectContaining({
        kind: 'merge',
        unfit: expect.objectContaining({ why: 'is merged already' }) as unknown,
      }),
    );
  }),
);
