/** Each verb as a user meets it: its happy path, its data, and its errors with their exit codes. */
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BoardData } from '../../src/views/board-data.ts';
import {
  addFile,
  boardTestTimeoutMs,
  cliMain,
  initBoard,
  waitUntil,
  withBoard,
  withPatience,
  writeTask,
} from './board.ts';

const timeout = boardTestTimeoutMs;
const verbs = [
  'init',
  'start',
  'add',
  'status',
  'show',
  'logs',
  'retry',
  'cancel',
  'pause',
  'resume',
  'stop',
  'diff',
  'rescue',
  'graph',
  'doctor',
  'demo',
];

test.concurrent('every verb has help, and wrong usage ends with 2', { timeout }, () =>
  withBoard({}, async (board) => {
    const help = await board.succeed('--help');
    for (const verb of verbs) expect(help).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    expect(await board.succeed('start', '--help')).toContain('Usage: branchboard start');
    expect(await board.succeed('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const args of [
      ['edit', 'x'],
      ['status', '--no-such-option'],
      ['start', '--detach', '--until-idle'],
    ]) {
      const { code, stderr } = await board.cli(...args);
      expect([args, code]).toEqual([args, 2]);
      expect(stderr).not.toBe('');
    }
    expect((await board.cli('statsu')).stderr).toContain('Did you mean: branchboard status');
    for (const name of ['ls', 'list']) expect(await board.succeed(name)).toBe(await board.succeed('status'));
    for (const name of ['version', '-v']) expect(await board.succeed(name)).toBe(await board.succeed('--version'));
  }),
);

test.concurrent('User Notes that were written before the first start reach the first task, and stay', { timeout }, () =>
  withBoard({}, async (board) => {
    const notes = `${board.dashboard}\nPrices are in cents.\n`;
    board.write('DASHBOARD.md', notes);
    await board.succeed('init');
    expect(board.dashboard).toBe(notes);
    board.drop({ 'a.md': writeTask('A', addFile('a.txt')) });
    expect((await board.cli('start', '--until-idle')).code).toBe(0);
    expect(board.read('runs', 'a', '1', 'prompt.md')).toContain('Prices are in cents.');
    expect(board.dashboard).toMatch(/\nPrices are in cents\.\n$/);
  }),
);

test.concurrent('without a command it says what to do next here, from nothing to a task that waits', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    expect(await board.succeed()).toMatch(/ has no board yet\.\n\nNext:\n {2}branchboard init\n/);
    await board.succeed('init');
    board.drop({ 'a.md': '# A\n' });
    // A file whose writer may only pause counts as well.
    const soon = Date.now() / 1_000 + 60;
    utimesSync(board.path('inbox', 'a.md'), soon, soon);
    expect(await board.succeed()).toContain('Next:\n  branchboard start   runs the board\n');
    const elsewhere = board.launch([], { cwd: board.root });
    expect((await elsewhere.ended).stdout).toMatch(/ is not in a git repository\.\n\nNext:\n {2}git init\n/);
  }),
);

test.concurrent('a board is made once, and says what to do next', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    const early = await board.cli('status');
    expect(early).toMatchObject({ code: 2, stderr: `error: ${board.repo} has no board yet\nType: branchboard init\n` });
    expect(await board.succeed('init')).toMatch(/^Made a board in .*\.orchestrator\n\nNext:\n/);
    board.write('config.yaml', '# mine\n');
    expect(await board.succeed('init')).toMatch(/^There is a board in /);
    expect(board.read('config.yaml')).toBe('# mine\n');
    expect(await board.succeed()).toContain('\nNext:\n  branchboard add "Add a login page" ');
    expect(board.git('status', '--porcelain')).toBe('?? .orchestrator/');
    board.git('add', '.orchestrator');
    expect(board.git('diff', '--cached', '--name-only').split('\n').sort()).toEqual([
      '.orchestrator/.gitignore',
      '.orchestrator/config.yaml',
    ]);
    expect(await board.json<BoardData>('status')).toMatchObject({
      version: 2,
      repo: board.repo,
      daemon: { running: false, pid: null },
      paused: null,
      tasks: [],
    });
  }),
);

test.concurrent('where no board can be, commands say why and end with 5', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    const outside = join(board.root, 'outside');
    const fresh = join(board.root, 'fresh');
    const bare = join(board.root, 'bare.git');
    for (const folder of [outside, fresh, bare]) mkdirSync(folder);
    board.git('-C', fresh, 'init', '--quiet');
    board.git('-C', bare, 'init', '--quiet', '--bare');
    const cases = [
      [outside, 'init'],
      [outside, 'start'],
      [outside, 'doctor'],
      [fresh, 'init'],
      [bare, 'init'],
      [join(board.root, 'nowhere'), 'status'],
    ] as const;
    for (const [folder, verb] of cases) {
      const { code, stdout, stderr } = await board.cli(verb, '--repo', folder);
      expect([folder, verb, code]).toEqual([folder, verb, 5]);
      expect(stdout + stderr).toMatch(folder === fresh ? /commit/ : /git|folder/);
    }
  }),
);

test.concurrent(
  'add writes frontmatter, takes standard input, and adds nothing where one file is bad',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const put = (name: string, text: string) => {
        const path = join(board.root, name);
        writeFileSync(path, text);
        return path;
      };
      const plain = put('plain.md', '# Plain\n\nDo it.\n');
      expect(await board.succeed('add', plain)).toBe(
        'Added .orchestrator/inbox/plain.md\nNo board runs: branchboard start\n',
      );
      expect(board.read('inbox', 'plain.md')).toBe('# Plain\n\nDo it.\n');
      const twice = await board.cli('add', plain);
      expect(twice.code).toBe(2);
      expect(twice.stderr).toContain('.orchestrator/inbox/plain.md is there already');

      const args = [
        'add',
        '-',
        '--title',
        'Über: "tricky" # title',
        '--agent',
        'tester',
        '--after',
        'plain',
        'other',
        '--priority',
        'high',
      ];
      const piped = await withPatience(board.launch(args, { input: 'Just do it.\n' }).ended, 'add -');
      expect(piped).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('no task other yet') as string,
      });
      const name = /inbox\/(.*)\n/.exec(piped.stdout)?.[1] ?? '';
      expect(name).toMatch(/^[a-z0-9-]+\.md$/);
      const data = await board.json<BoardData>('status');
      expect(data.tasks).toEqual([]);

      const bad = put('bad.md', '---\npriority: soonish\n---\n# Bad\n');
      const good = put('good.md', '# Good\n');
      const refused = await board.cli('add', good, bad);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(`${bad}:2:11: priority is "soonish"; expected one of high, normal, low`);
      expect(existsSync(board.path('inbox', 'good.md'))).toBe(false);
      expect((await board.cli('add', join(board.root, 'missing.md'))).stderr).toContain('missing.md does not exist');
      expect((await board.cli('add', put('empty.md', ''))).code).toBe(2);
      expect((await board.cli('add', good, plain, '--title', 'One')).code).toBe(2);
      expect((await board.cli('add', board.root)).code).toBe(2);
      writeFileSync(join(board.root, 'latin.md'), Buffer.from([0x23, 0x20, 0xe9, 0x0a]));
      expect(await board.cli('add', join(board.root, 'latin.md'))).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('UTF-8') as string,
      });
      expect((await board.cli('add', put('large.md', 'x'.repeat(256 * 1024 + 1)))).code).toBe(2);

      await board.succeed('pause');
      const running = await board.start();
      await board.arrive('queued', 'plain', name.slice(0, -'.md'.length));
      expect(await board.succeed('show', 'plain')).toMatch(/ · queued · paused by you → branchboard resume\n/);
      await board.stop(running);
      expect(await board.succeed('show', 'plain')).toMatch(/ · queued · no board runs: branchboard start\n/);
      expect(board.task(name.slice(0, -'.md'.length))).toMatchObject({
        title: 'Über: "tricky" # title',
        agent: 'tester',
        priority: 'high',
        dependsOn: ['plain', 'other'],
      });
    }),
);

test.concurrent(
  'work that was merged by hand is told from work that waits, on the terminal and in its file',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'in.md': writeTask('In', addFile('in.txt')), 'out.md': writeTask('Out', addFile('out.txt')) });
      const running = await board.start();
      await board.arrive('done', 'in', 'out');
      board.git('merge', '--quiet', '--no-ff', '--message=Take it', 'task/in');
      await waitUntil('the merge is met', () => board.read('done', 'in.md').includes('**Done and merged**'));
      await waitUntil('the data says so', () => board.task('in').mergedAt !== null);
      await board.stop(running);
      const status = await board.succeed('status');
      expect(status).toMatch(/^✓ in +merged +task\/in /m);
      expect(status).toMatch(/^✓ out +done +task\/out /m);
      expect(status).toContain('not running · 1 to review · 1 merged · $0.00 today\n');
      expect(await board.succeed('show', 'in')).toMatch(/^In \(in\) · done, merged \d\d:\d\d\n/);
    }),
);

test.concurrent('who sends work back without a word is told that its agent will not know why', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'a.md': writeTask('A', addFile('a.txt')), 'b.md': writeTask('B', addFile('b.txt')) });
    expect(await board.runUntilIdle()).toBe(0);
    expect(await board.succeed('retry', 'a')).toMatch(
      /^a: .*\nIts agent is not told what is wrong: .*\n\.orchestrator\/queued\/a\.md .* branchboard send-back a "/,
    );
    board.write('done/b.md', board.read('done', 'b.md').replace('# B', '# B\n\nIt lacks a title.'));
    expect(await board.succeed('retry', 'b')).toMatch(/^b: [^\n]*\n$/);
  }),
);

test.concurrent('what a finished board shows: status, show, logs, diff, graph', { timeout }, () =>
  withBoard({ config: 'verify: test -f schema.sql' }, async (board) => {
    board.drop({
      'schema.md': writeTask('Database "schema" [v2]', ['step 1/2 Writing tables', ...addFile('schema.sql')]),
      'auth.md': writeTask('Authentication', ['ask Which tokens?'], { depends_on: 'schema' }),
      'later.md': writeTask('Later', addFile('later.txt'), { depends_on: '[auth, unknown-task]' }),
    });
    expect(await board.runUntilIdle()).toBe(3);

    const status = await board.succeed('status');
    expect(status).toMatch(/^! auth\s+attention\s+asks: Which tokens\?$/m);
    expect(status).toMatch(/^· later\s+waiting\s+on auth, unknown-task$/m);
    expect(status).toMatch(/^✓ schema\s+done\s+task\/schema Added schema\.sql\.$/m);
    const data = await board.json<BoardData>('status');
    const written = board.data;
    expect(data).toEqual({ ...written, daemon: { running: false, pid: null }, revision: data.revision });
    for (const task of data.tasks) {
      expect(Object.keys(task)).toEqual([
        'id',
        'title',
        'agent',
        'column',
        'priority',
        'dependsOn',
        'waitingFor',
        'asksFor',
        'granted',
        'origin',
        'stage',
        'resumes',
        'edited',
        'attempt',
        'branch',
        'base',
        'commits',
        'diffstat',
        'checks',
        'judgements',
        'reason',
        'question',
        'options',
        'summary',
        'progress',
        'lastTool',
        'sessionId',
        'costUsd',
        'startedAt',
        'finishedAt',
        'mergedAt',
        'review',
        'commands',
      ]);
    }
    expect(data.tasks.find(({ id }) => id === 'schema')).toMatchObject({
      diffstat: { files: 1, insertions: 1, deletions: 0 },
      checks: [{ command: 'test -f schema.sql', ok: true }],
      review: { state: 'ready', round: 1 },
      commands: [
        { kind: 'merge', usage: 'branchboard merge schema', unfit: null },
        { kind: 'pr', usage: 'branchboard pr schema', unfit: null },
        { kind: 'restack', usage: 'branchboard restack schema', unfit: null },
        { kind: 'send-back', usage: 'branchboard send-back schema TEXT', unfit: null },
        { kind: 'discard', usage: 'branchboard discard schema', unfit: null },
        { kind: 'retry', usage: 'branchboard retry schema', unfit: null },
        { kind: 'tell', unfit: { why: 'is done' } },
        { kind: 'note', usage: 'branchboard note schema TEXT', unfit: null },
        { kind: 'take', usage: 'branchboard take schema', unfit: null },
        { kind: 'hand-back', unfit: { why: 'is done' } },
        { kind: 'open', usage: 'branchboard open schema', unfit: null },
        { kind: 'cancel', unfit: { why: 'is done; there is nothing to cancel' } },
        { kind: 'set-priority', unfit: { why: 'is done' } },
        { kind: 'add-dependency', unfit: { why: 'is done' } },
      ],
    });
    expect(data.tasks.find(({ id }) => id === 'auth')).toMatchObject({
      column: 'attention',
      reason: 'question',
      question: 'Which tokens?',
      dependsOn: ['schema'],
    });

    expect(await board.succeed('show', 'SCHEMA')).toMatch(
      /^Database "schema" \[v2\] \(schema\) · done\n.*Branch: task\/schema\n.*1\. attempt 1, fresh session .*: done/s,
    );
    expect(await board.succeed('show', 'schema')).toContain(
      [
        'Commands:',
        '  branchboard merge schema',
        '  branchboard pr schema',
        '  branchboard restack schema',
        '  branchboard send-back schema TEXT',
        '  branchboard discard schema',
        '  branchboard retry schema',
        '  branchboard note schema TEXT',
        '  branchboard take schema',
        '  branchboard open schema',
        '  branchboard retry schema -m TEXT: not now, it is done',
        '    To say what is wrong with its work: branchboard send-back schema TEXT',
        '  branchboard hand-back schema: not now, it is done',
        '    To work on it again: branchboard retry schema',
        '  branchboard cancel schema: not now, it is done; there is nothing to cancel',
        '    To put it away: mv .orchestrator/done/schema.md .orchestrator/archive/',
      ].join('\n'),
    );
    expect(await board.succeed('show', 'schema')).toMatch(
      /\nWhat you can do:\n.*\n {2}Take it: +branchboard merge schema\n/,
    );
    const shown = await board.json<Record<string, unknown>>('show', 'auth');
    expect(shown).toMatchObject({
      version: 2,
      id: 'auth',
      column: 'attention',
      verdict: { question: 'Which tokens?' },
      runs: [{ plan: { n: 1 }, record: { outcome: { kind: 'question' } } }],
    });
    expect(await board.cli('show', 'autj')).toMatchObject({
      code: 2,
      stderr: 'error: there is no task autj\nThe nearest is auth. Type: branchboard status\n',
    });

    expect(await board.succeed('logs', 'schema')).toMatch(/→ Write schema\.sql\n.*■ done · \d+ turns/s);
    expect(await board.succeed('logs', 'schema', '--raw')).toBe(
      readFileSync(board.path('runs', 'schema', '1', 'stream.jsonl'), 'utf8'),
    );
    expect(await board.succeed('logs', 'schema', '-f')).toContain('■ done');
    expect(await board.cli('logs', 'later')).toMatchObject({
      code: 2,
      stderr: 'error: later has no run yet\nType: branchboard logs later -f\n',
    });
    expect((await board.cli('logs', 'schema', '--run', '7')).code).toBe(2);

    expect(await board.succeed('diff', 'schema')).toContain('+schema.sql');
    expect(await board.succeed('diff', 'schema', '--stat')).toContain('1 file changed, 1 insertion(+)');
    expect(await board.cli('diff', 'later')).toMatchObject({
      code: 2,
      stderr: 'error: later has no branch\nType: branchboard show later\n',
    });

    expect(await board.json('stats')).toMatchObject({
      roles: [{ name: 'developer', tasks: 2, merged: 0, sentBack: 0, retried: 0 }],
      waiting: { tasks: 1, unknown: 0 },
    });
    expect(await board.succeed('stats')).toMatch(/^developer +2 +0 +0 +0 .*\n\nWeek of/m);

    expect(await board.succeed('graph')).toBe(
      [
        'flowchart LR',
        '  t1["Authentication<br/>auth"]:::attention',
        '  t2["Later<br/>later"]:::queued',
        '  t3["Database #34;schema#34; #91;v2#93;<br/>schema"]:::done',
        '  t4["unknown-task<br/>does not exist yet"]',
        '  t3 --> t1',
        '  t1 --> t2',
        '  t4 --> t2',
        '  classDef active stroke:#0aa,stroke-width:3px',
        '  classDef attention stroke:#c80,stroke-width:3px',
        '  classDef done stroke:#2a2',
        '  classDef queued stroke:#888',
        '  classDef archive stroke:#ccc,color:#999',
        '',
      ].join('\n'),
    );
    expect(await board.json('graph')).toMatchObject({
      version: 1,
      edges: [
        { from: 'schema', to: 'auth' },
        { from: 'auth', to: 'later' },
        { from: 'unknown-task', to: 'later' },
      ],
    });
  }),
);

test.concurrent(
  'add puts nothing into the inbox that the board passes over, and status tells of what waits there',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const put = (name: string) => {
        writeFileSync(join(board.root, name), writeTask('Nothing', ['nothing There is none.']));
        return join(board.root, name);
      };
      const added = await board.succeed('add', put('notes.txt'), put('draft.bak'), put('Plan.MD'), put('bare'));
      expect(added.match(/inbox\/.*/g)).toEqual(
        ['notes.md', 'draft.md', 'plan.md', 'bare.md'].map((name) => `inbox/${name}`),
      );
      expect((await board.succeed('status')).split('\n')[0]).toBe('4 files wait to be taken in: branchboard start');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.column('done')).toEqual(['bare', 'draft', 'notes', 'plan']);
      expect(await board.succeed('status')).not.toContain('inbox');

      const add = (bytes: number, ...options: readonly string[]) =>
        withPatience(board.launch(['add', '-', ...options], { input: 'x'.repeat(bytes) }).ended, 'add -');
      for (const refused of [await add(256 * 1024 + 1), await add(256 * 1024, '--title', 'Titled')]) {
        expect(refused.code).toBe(2);
        expect(refused.stderr).toMatch(/standard input would be a task file of \d+ bytes; expected at most 262144/);
      }
      expect((await add(256 * 1024)).code).toBe(0);
    }),
);

test.concurrent('retry, cancel, pause and resume hold also where no board runs', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    board.drop({
      'flaky.md': writeTask('Flaky', [
        'write f.txt f',
        'commit F',
        'on attempt 1: say hello',
        `wait-for ${board.gate('f')}`,
      ]).replace(/wait-for .*/, 'fail Once.'),
      'unwanted.md': writeTask('Unwanted', addFile('u.txt'), { depends_on: 'never' }),
    });
    expect(await board.runUntilIdle()).toBe(3);
    expect(await board.succeed('retry', 'flaky')).toBe('flaky: attention/ → queued/\n');
    expect(await board.cli('retry', 'flaky')).toMatchObject({
      code: 2,
      stderr: 'error: flaky is queued already\nTo see why it waits: branchboard show flaky\n',
    });
    expect(await board.succeed('cancel', 'unwanted.md')).toBe('unwanted: queued/ → archive/\n');
    expect((await board.cli('cancel', 'unwanted')).code).toBe(2);
    writeFileSync(board.path('queued', 'flaky.md'), writeTask('Flaky', addFile('g.txt')));
    await board.succeed('pause');
    expect((await board.json<BoardData>('status')).paused).toEqual({ reason: 'user', until: null });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.column('queued')).toEqual(['flaky']);
    await board.succeed('resume');
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.column('done')).toEqual(['flaky']);
    expect(board.plan('flaky', 2)).toMatchObject({ attempt: 1, cause: { kind: 'retried' } });
    expect((await board.cli('cancel', 'flaky')).stderr).toContain('there is nothing to cancel');
    // A cancelled task's work is put away, and can be called for again.
    expect(board.column('archive')).toEqual(['unwanted']);
    await board.succeed('retry', 'unwanted');
    expect(board.column('queued')).toEqual(['unwanted']);
  }),
);

test.concurrent('doctor tells what is there and how to mend what is not', { timeout }, () =>
  withBoard({}, async (board) => {
    const fine = await board.json<{ version: number; findings: { check: string; status: string }[] }>('doctor');
    expect(fine.version).toBe(1);
    expect(fine.findings.map(({ check }) => check)).toEqual([
      'node',
      'git',
      'identity',
      'submodules',
      'settings',
      'secrets',
      'agent',
      'sandbox',
      'permissions',
      'roles',
      'folder',
      'disk',
      'watches',
    ]);
    expect(fine.findings.filter(({ status }) => status === 'problem')).toEqual([]);
    expect(await board.succeed('doctor')).toMatch(/^✓ node {9}Node /m);

    board.write('config.yaml', 'agent: { command: no-such-program }\n');
    const absent = await board.cli('doctor');
    expect(absent.code).toBe(5);
    expect(absent.stdout).toMatch(
      /^✗ agent .*no-such-program.*\n +Install Claude Code: npm install -g @anthropic-ai\/claude-code$/m,
    );

    board.write('config.yaml', 'max_paralel: 2\n');
    const wrong = await board.cli('doctor');
    expect(wrong.code).toBe(5);
    expect(wrong.stdout).toContain('.orchestrator/config.yaml:1:1: ');
  }),
);

test.concurrent('start says what is wrong with the settings and ends with 2', { timeout }, () =>
  withBoard({}, async (board) => {
    board.write('config.yaml', 'retries: 1\nmax_paralel: 2\n');
    for (const args of [['start'], ['start', '--until-idle'], ['start', '--detach']]) {
      const { code, stderr } = await board.cli(...args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: \.orchestrator\/config\.yaml:2:1: .*max_paralel.*max_parallel/);
    }
    board.write('config.yaml', 'max_parallel: many\n');
    expect((await board.cli('start')).stderr).toContain('.orchestrator/config.yaml:1:15: ');
  }),
);

test.concurrent('demo does the whole job without login and network', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    const { code, stdout } = await withPatience(board.launch(['demo'], { env: { TMPDIR: board.root } }).ended, 'demo');
    expect(code).toBe(0);
    expect(stdout).toContain('checkout-tests: → done/');
    expect(stdout).toContain('# branchboard: ');
    expect(stdout).toMatch(/Remove it all: rm -rf .*branchboard-demo-/);
    expect(readFileSync(cliMain, 'utf8')).toMatch(/^#!\/usr\/bin\/env node/);
  }),
);

test.concurrent('commands work from below the repository and with --repo', { timeout }, () =>
  withBoard({ init: false, files: { 'src/deep/file.txt': 'x' } }, async (board) => {
    await initBoard(board);
    const below = await withPatience(
      board.launch(['status', '--json'], { cwd: join(board.repo, 'src/deep') }).ended,
      'status',
    );
    const away = await withPatience(
      board.launch(['status', '--json', '--repo', board.repo], { cwd: board.root }).ended,
      'status',
    );
    expect([below.code, away.code]).toEqual([0, 0]);
    expect(below.stdout).toBe(away.stdout);
  }),
);
