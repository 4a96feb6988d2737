/** What counts as done: a commit that passes `verify`, or a report of a role that only reads; and where it is told. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask } from './board.ts';

const timeout = boardTestTimeoutMs;
const readers = ['backend-reviewer', 'frontend-reviewer', 'pattern-critique', 'pattern-scout', 'planner'];

test.concurrent('a role that only reads is done with a report and leaves no branch', { timeout }, () =>
  withBoard({ config: 'max_parallel: 6' }, async (board) => {
    for (const agent of readers) {
      board.drop({
        [`by-${agent}.md`]: writeTask(
          `By ${agent}`,
          [`report # Report of ${agent}\\n\\nAll is well.`, `summary Read by ${agent}.`],
          { agent },
        ),
      });
    }
    board.drop({
      'mute.md': writeTask('Mute', ['crash 0'], { agent: 'planner', retries: '0' }),
      'build.md': writeTask('Build', addFile('built.txt'), {
        agent: 'backend-developer',
        depends_on: `[${readers.map((agent) => `by-${agent}`).join(', ')}]`,
      }),
    });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.column('attention')).toEqual(['mute']);
    expect(board.task('mute').reason).toBe('no-result');
    for (const agent of readers) {
      const id = `by-${agent}`;
      expect(board.read('runs', id, '1', 'report.md')).toBe(`# Report of ${agent}\n\nAll is well.`);
      expect(board.task(id)).toMatchObject({ column: 'done', branch: null, commits: 0, summary: `Read by ${agent}.` });
      expect(board.dashboard).toContain(`runs/${id}/1/report.md`);
      expect(board.read('done', `${id}.md`)).toContain(`runs/${id}/1`);
      expect(board.prompt('build', 1)).toContain(board.path(`runs/${id}/1/report.md`));
    }
    expect(board.git('branch', '--list', 'task/*', '--format=%(refname:short)')).toBe('task/build');
  }),
);

test.concurrent('`roles show` prints the prompt that a task then gets, but for the mark of notes', { timeout }, () =>
  withBoard({ config: 'verify: [test -f first.txt]' }, async (board) => {
    board.drop({ 'first.md': writeTask('First', addFile('first.txt')) });
    await board.runUntilIdle();
    await board.succeed('pause');
    board.drop({ 'second.md': writeTask('Second', addFile('second.txt'), { agent: 'tester', depends_on: 'first' }) });
    await board.runUntilIdle();
    const { stdout: shown, stderr: call } = await board.cli('roles', 'show', 'tester', '--task', 'second');
    expect(call).toMatch(/^\$ \S*node\S* \S+scripted-main\.js fresh SESSION \S+runs\/second\/notes work < prompt$/m);
    expect(existsSync(board.path('runs', 'second'))).toBe(false);
    await board.succeed('resume');
    await board.runUntilIdle();
    const told = board.prompt('second', 1);
    expect(shown.replace('`MARK`', /(?<=carries the mark )`[^`]+`/.exec(told)?.[0] ?? '')).toBe(told);
    expect((await board.cli('roles', 'show', 'tester', '--task', 'second')).stderr).toContain('second is finished');
    mkdirSync(board.path('templates'), { recursive: true });
    board.write('templates/tester.md', '---\nefort: high\n---\nTest.\n');
    const problem = '.orchestrator/templates/tester.md:2:1: unknown key "efort"; expected `effort`';
    for (const verb of ['roles', 'doctor'] as const) expect((await board.cli(verb)).stdout).toContain(problem);
  }),
);

const checks = 'verify: ["grep -q right answer.txt"]\ntask_rights: { verify: true }';

test.concurrent('verify must be green: told what failed, the same session mends it', { timeout }, () =>
  withBoard({ config: checks, files: { 'unrelated.txt': 'x' } }, async (board) => {
    board.drop({
      'answer.md': writeTask('Answer', [
        'on attempt 1: write answer.txt wrong',
        'on attempt 2: write answer.txt right',
        'commit The answer',
        'summary Answered.',
      ]),
      'own.md': writeTask('Own check', addFile('own.txt'), { verify: '[test -f own.txt, "cat own.txt"]' }),
      'never.md': writeTask('Never', [...addFile('never.txt'), 'append never.txt more', 'commit More'], {
        verify: 'cat no-such-file',
        retries: '0',
      }),
    });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.column('done')).toEqual(['answer', 'own']);
    expect(board.record('answer', 1).outcome).toMatchObject({ kind: 'failed', fault: { reason: 'verify-failed' } });
    expect(board.prompt('answer', 2)).toContain('grep -q right answer.txt');
    expect(board.plan('answer', 2).session.id).toBe(board.plan('answer', 1).session.id);
    expect(board.record('own', 1).evidence?.verify.map(({ ok }) => ok)).toEqual([true, true]);
    expect(board.task('never').reason).toBe('verify-failed');
    expect(board.dashboard).toContain('no-such-file');
    expect(board.dashboard).toContain('checks passed');
  }),
);

test.concurrent("the task's file tells its story below the user's text, which stays as it is", { timeout }, () =>
  withBoard({}, async (board) => {
    const text = `${writeTask('Story', ['on attempt 1: fail Too early.', ...addFile('s.txt')], { priority: 'high' })}\n<!-- mine -->\n* [ ] box\r\nlast line without end`;
    board.drop({
      'story.md': text,
      'asks.md': writeTask('Asks', ['ask Red or blue?']),
      'idle.md': writeTask('Idle', ['nothing It is there already.']),
    });
    expect(await board.runUntilIdle()).toBe(3);
    const story = board.read('done', 'story.md');
    expect(story.startsWith(text)).toBe(true);
    const told = story.slice(text.length);
    for (const part of ['task/story', 'Added s.txt.', 'runs/story/2']) expect(told).toContain(part);
    expect(board.read('attention', 'asks.md')).toContain('Red or blue?');
    expect(board.read('done', 'idle.md')).toContain('It is there already.');
    expect(board.task('idle')).toMatchObject({ column: 'done', commits: 0 });
    expect(board.dashboard).toContain('Nothing to do, says the agent');
    // Run again, the prompt holds the user's text and nothing of the story.
    board.move('idle', 'done', 'queued');
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.prompt('idle', 2)).not.toContain('runs/idle/1');
  }),
);

test.concurrent('an agent that exits well and did nothing, or left files, is not done', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    board.drop({
      'empty.md': writeTask('Empty', ['say I did it all.']),
      'dirty.md': writeTask('Dirty', [...addFile('a.txt'), 'write loose.txt x']),
      'crashed.md': writeTask('Crashed', [...addFile('b.txt'), 'crash 3']),
      'unknown-role.md': writeTask('Unknown role', addFile('c.txt'), { agent: 'backend-develloper' }),
    });
    expect(await board.runUntilIdle()).toBe(3);
    expect(Object.fromEntries(board.data.tasks.map(({ id, reason }) => [id, reason]))).toEqual({
      empty: 'no-changes',
      dirty: 'uncommitted',
      crashed: 'no-result',
      'unknown-role': 'setup-failed',
    });
    expect(board.dashboard).toContain('loose.txt');
    expect(board.dashboard).toContain('backend-developer');
    expect(board.dashboard).toContain('exit code 3');
  }),
);

test.concurrent(
  'User Notes that are typed while the board runs reach the next task and stay byte for byte',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'one.md': writeTask('One', [`wait-for ${board.gate('one')}`, ...addFile('one.txt')]) });
      const running = await board.start();
      await waitUntil('it runs', () => board.happened('run-started').length === 1);
      await waitUntil(
        'the dashboard stands',
        () => board.dashboard.includes('## User Notes') && board.dashboard.includes('ACTIVE'),
      );
      const notes =
        '\nPrefer tabs.  \n\n* odd   spacing\n- [ ] not a command\n<b>raw</b> \\* and `code`\n@two: only for two\n@three: only for three\n';
      const saved = board.dashboard.replace(/\s*$/, '\n') + notes;
      writeFileSync(board.path('DASHBOARD.md'), saved);
      board.open('one');
      await board.arrive('done', 'one');
      board.drop({ 'two.md': writeTask('Two', addFile('two.txt')) });
      await board.arrive('done', 'two');
      await waitUntil('the dashboard was written again', () => /\(`two`/.test(board.dashboard));
      expect(board.dashboard.endsWith(notes)).toBe(true);
      const prompt = board.prompt('two', 1);
      for (const part of ['Prefer tabs.', '* odd   spacing', 'only for two']) expect(prompt).toContain(part);
      expect(prompt).not.toContain('only for three');
      expect(board.prompt('one', 1)).not.toContain('Prefer tabs.');
      await board.stop(running);
      expect(board.dashboard.endsWith(notes)).toBe(true);
    }),
);

test.concurrent(
  'settings that are wrong while the board runs: the old ones stay, and the dashboard says so',
  { timeout },
  () =>
    withBoard({ config: 'branch_prefix: work/' }, async (board) => {
      const running = await board.start();
      const right = board.read('config.yaml');
      board.write('config.yaml', `${right}max_paralel: 2\nbranch_prefix: other/\n`);
      await waitUntil('the dashboard says so', () => board.dashboard.includes('.orchestrator/config.yaml:'));
      expect(board.dashboard).toMatch(/\.orchestrator\/config\.yaml:\d+:1`: .*max_paralel/);
      board.drop({ 'task.md': writeTask('Task', addFile('t.txt')) });
      await board.arrive('done', 'task');
      expect(board.git('branch', '--list', '--format=%(refname:short)')).toBe('main\nwork/task');
      board.write('config.yaml', right.replace('work/', 'mended/'));
      await waitUntil('the dashboard is content', () => !board.dashboard.includes('config.yaml:'));
      board.drop({ 'later.md': writeTask('Later', addFile('l.txt')) });
      await board.arrive('done', 'later');
      expect(board.git('branch', '--list', 'mended/*', '--format=%(refname:short)')).toBe('mended/later');
      await board.stop(running);
    }),
);

test.concurrent('the live view shows tasks and progress on a terminal and leaves it clean', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({
      'watch-me.md': writeTask('Watch me', [
        'step 1/3 Creating middleware',
        `wait-for ${board.gate('go')}`,
        ...addFile('w.txt'),
      ]),
      'after-it.md': writeTask('After it', addFile('x.txt'), { depends_on: 'watch-me' }),
    });
    const running = board.launchInTerminal(['start', '--until-idle']);
    await waitUntil('progress is shown', () => running.output().includes('1/3 Creating middleware'));
    await waitUntil('what waits is shown', () => running.output().includes('on watch-me'));
    board.open('go');
    expect((await running.ended).code).toBe(0);
    const output = running.output();
    expect(output).toContain('watch-me: accepted (Watch me)');
    // The last picture of the board stays, the cursor is visible and no other screen or mode is left on.
    const last = stripVTControlCharacters(output).split(/\r?\n/).slice(-5).join('\n');
    expect(last).toMatch(/✓ watch-me\s+done/);
    expect(last).toMatch(/✓ after-it\s+done/);
    expect(last).toMatch(/^stopped · 2 to review · /m);
    expect(output.lastIndexOf('\u001B[?25l')).toBeLessThanOrEqual(output.lastIndexOf('\u001B[?25h'));
    for (const mode of ['1049', '2004', '1000']) expect(output).not.toContain(`\u001B[?${mode}h`);
    expect(stripVTControlCharacters(output).endsWith('\n')).toBe(true);
  }),
);
