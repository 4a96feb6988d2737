/** What starts when, what waits for what, and how the board says so. */
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask } from './board.ts';

const timeout = boardTestTimeoutMs;

test.concurrent('urgent tasks start first, and max_parallel is kept also where it changes', { timeout }, () =>
  withBoard({ config: 'max_parallel: 2' }, async (board) => {
    const gated = (id: string) => [`wait-for ${board.gate(id)}`, ...addFile(`${id}.txt`)];
    board.drop({
      'a-low.md': writeTask('Low', gated('low'), { priority: 'low' }),
      'b-normal.md': writeTask('Normal', gated('normal')),
      'c-high.md': writeTask('High', gated('high'), { priority: 'high' }),
      'd-chain.md': writeTask('Chain', gated('chain')),
      'e-end.md': writeTask('End of the chain', gated('end'), { depends_on: 'd-chain' }),
    });
    await board.succeed('pause');
    const running = await board.start();
    await waitUntil('all are accepted', () => board.happened('task-accepted').length === 5);
    await board.succeed('resume');
    await waitUntil('two run', () => board.happened('run-started').length === 2);
    // The longest chain of dependents goes before what nobody waits for.
    expect(board.column('active')).toEqual(['c-high', 'd-chain']);
    board.open('high');
    await board.arrive('done', 'c-high');
    await waitUntil('the next runs', () => board.happened('run-started').length === 3);
    expect(board.column('active')).toEqual(['b-normal', 'd-chain']);
    board.write('config.yaml', board.read('config.yaml').replace('max_parallel: 2', 'max_parallel: 3'));
    await waitUntil('a third runs', () => board.happened('run-started').length === 4);
    expect(board.column('active')).toEqual(['a-low', 'b-normal', 'd-chain']);
    for (const gate of ['low', 'normal', 'chain', 'end']) board.open(gate);
    await board.arrive('done', 'a-low', 'b-normal', 'c-high', 'd-chain', 'e-end');
    await board.stop(running);
  }),
);

test.concurrent(
  'a failed dependency keeps its dependents waiting while others go on, and the exit code is 3',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({
        'broken.md': writeTask('Broken', ['fail The disk is on fire.']),
        'after.md': writeTask('After', addFile('after.txt'), { depends_on: '[broken]' }),
        'lost.md': writeTask('Lost', addFile('lost.txt'), { depends_on: '[nobody-wrote-this]' }),
        'free.md': writeTask('Free', addFile('free.txt')),
        'x.md': writeTask('X', addFile('x.txt'), { depends_on: '[y]' }),
        'y.md': writeTask('Y', addFile('y.txt'), { depends_on: '[z]' }),
        'z.md': writeTask('Z', addFile('z.txt'), { depends_on: '[x]' }),
      });
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.column('done')).toEqual(['free']);
      expect(board.column('attention')).toEqual(['broken', 'x', 'y', 'z']);
      expect(board.column('queued')).toEqual(['after', 'lost']);
      expect(board.task('broken')).toMatchObject({ column: 'attention', reason: 'agent-error', attempt: 2 });
      expect(board.countRuns('broken')).toBe(2);
      expect(board.task('after').waitingFor).toEqual(['broken']);
      expect(board.task('x').reason).toBe('dependency-cycle');
      const text = board.dashboard;
      expect(text).toMatch(
        /These tasks wait for each other: (?:x → z → y → x|z → y → x → z|y → x → z → y|x → y → z → x|y → z → x → y|z → x → y → z)/,
      );
      expect(text.match(/ wait for each other$/gm)).toHaveLength(1);
      expect(text).toContain('](attention/y.md)');
      expect(text).toContain('on `nobody-wrote-this`, which does not exist yet');
      expect(text).toContain('on `broken`, which needs you');
      expect(text).toContain('The disk is on fire.');
      expect(text).toContain('failed twice: its agent reported an error');
      expect(text).toContain('- [ ] Try again <!-- retry broken attention 2 -->');
      const story = board.read('attention', 'broken.md');
      expect(story).toContain('The disk is on fire.');
      expect(story.startsWith('# Broken\n')).toBe(true);
    }),
);

test.concurrent('a failure is tried again in the same session, and then dependents get the work', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({
      'base.md': writeTask('Base', [
        'write base.txt one',
        'commit One',
        'on attempt 1: fail Not yet.',
        'append base.txt two',
        'commit Two',
        'summary All of it.',
      ]),
      'left.md': writeTask('Left', addFile('left.txt'), { depends_on: 'base' }),
      'right.md': writeTask('Right', addFile('right.txt'), { depends_on: 'base' }),
      'both.md': writeTask('Both', addFile('both.txt'), { depends_on: '[left, right]' }),
    });
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.column('done')).toEqual(['base', 'both', 'left', 'right']);
    expect(board.plan('base', 2)).toMatchObject({
      attempt: 2,
      cause: { kind: 'failed', fault: { reason: 'agent-error' } },
      session: { mode: 'resume', id: board.plan('base', 1).session.id },
    });
    expect(board.prompt('base', 2)).toContain('Not yet.');
    expect(board.git('ls-tree', '--name-only', 'task/both').split('\n')).toEqual([
      'README.md',
      'base.txt',
      'both.txt',
      'left.txt',
      'right.txt',
    ]);
    expect(board.prompt('both', 1)).toContain('Added left.txt.');
    expect(board.git('log', '--format=%s', 'task/base')).toBe('Two\nOne\nfirst');
  }),
);

test.concurrent('works that can not be merged are told to the user, who wants to be asked', { timeout }, () =>
  withBoard({ config: 'conflicts: ask\n' }, async (board) => {
    board.drop({
      'one.md': writeTask('One', ['write README.md one', 'commit One']),
      'two.md': writeTask('Two', ['write README.md two', 'commit Two']),
      'sum.md': writeTask('Sum', addFile('sum.txt'), { depends_on: '[one, two]' }),
    });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.task('sum').reason).toBe('dependency-conflict');
    expect(board.countRuns('sum')).toBe(0);
    expect(board.dashboard).toContain('README.md');
  }),
);
