/** Whatever an agent, a check or a file says: secrets stay in the files that their writers wrote themselves. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stripStory } from '../../src/markdown/story.ts';
import { boardTestTimeoutMs, waitUntil, withBoard, withPatience, writeTask, type ScratchBoard } from './board.ts';

const deployToken = 'deploy-me-if-you-dare-4711';
/** Means something in JSON, in a pattern, in a replacement and in markdown. */
const apiKey = 'p@ss"word$1(*)[x]`y`';
const configured = 'set-in-the-settings-0815';
const github = `ghp_${'aB3dE6gH9'.repeat(4)}`;
const secrets = [deployToken, apiKey, configured, github];
const environment = { DEPLOY_TOKEN: deployToken, MY_API_KEY: apiKey };

const settings = `agent: { kind: scripted, env: { A_SECRET: ${configured} } }`;

/** Prints all of them, in JSON and as they are, and fails. */
const tellTale = `
const secrets = ${JSON.stringify(secrets)};
process.stdout.write('checked with ' + secrets.join(' and ') + '\\n');
process.stderr.write('warning: ' + JSON.stringify(secrets) + '\\n');
process.exitCode = 1;
`;

/** An agent that tells in its stream, on stderr and in its result. */
const tellTaleAgent = `
import { readFileSync } from 'node:fs';
readFileSync(0);
const secrets = ${JSON.stringify(secrets)};
const text = 'I found ' + secrets.join(' and ');
process.stderr.write(text + '\\n');
const print = (event) => process.stdout.write(JSON.stringify(event) + '\\n');
const id = process.argv[process.argv.indexOf('--session-id') + 1];
print({ type: 'system', subtype: 'init', session_id: id, model: 'none' });
print({ type: 'assistant', message: { role: 'assistant', content: [{ type: 'text', text }] } });
print({ type: 'result', session_id: id, subtype: 'error_during_execution', is_error: true, num_turns: 1, result: text, errors: [text] });
process.exitCode = 1;
`;

const all = secrets.join(' and ');

const tasks: Readonly<Record<string, string>> = {
  'checked.md': writeTask(
    'Checked',
    ['write a.txt a', 'commit Add a', `say ${all}`, `step 0/2 ${all}`, `summary Done with ${all}`],
    { verify: `node tell.mjs --token=${github}` },
  ),
  'asks.md': writeTask('Asks', [`ask May I use ${all}?`]),
  'nothing.md': writeTask('Nothing', [`nothing All that is there is ${all}`]),
  'reports.md': writeTask('Reports', [`report # Found\\n\\n${all}`, `summary ${all}`], { agent: 'backend-reviewer' }),
  'fails.md': writeTask('Fails', [`fail ${all}`]),
  'titled.md': writeTask(`Rotate ${github} and ${deployToken}`, ['nothing It is gone.']),
  'based.md': writeTask('Based', ['nothing'], { base: github }),
  'refused.md': writeTask('Refused', ['nothing'], { priority: github, timeout: deployToken }),
};

const mayHoldThem =
  /^(?:runs\/[^/]+\/\d+\/(?:prompt\.md|plan\.json|stream\.jsonl|stderr\.log|session\.json)|grants\/[^/]+\.json)$/;

test.concurrent(
  'secrets of the environment, of the settings and of known shapes reach nothing that the board writes or says',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard(
      {
        config: `sandbox: off\nretries: 1\nagent: { kind: scripted, env: { A_SECRET: ${configured} } }`,
        files: { 'tell.mjs': tellTale },
      },
      async (board) => {
        board.drop(tasks);
        const running = board.launch(['start'], { env: environment });
        await waitUntil('the dashboard tells what is asked for', () =>
          ['branchboard grant based', 'verify node tell.mjs --token=[redacted]'].every((text) =>
            board.dashboard.includes(text),
          ),
        );
        for (const command of [['status'], ['show', 'checked'], ['grant', 'checked'], ['grant', 'based']]) {
          const told = await withPatience(board.launch(command, { env: environment }).ended, command.join(' '));
          expect({ command, ...told, found: findSecrets(told.stdout + told.stderr) }).toMatchObject({
            command,
            code: 0,
            found: [],
          });
        }
        await board.arrive('attention', 'checked', 'asks', 'fails', 'based');
        await board.arrive('done', 'nothing', 'reports', 'titled');
        await waitUntil('the dashboard tells of all', () =>
          ['checked', 'asks', 'nothing', 'reports', 'fails', 'titled', 'based', 'refused.md'].every((name) =>
            board.dashboard.includes(name),
          ),
        );
        await waitUntil('and so does queue.json', () => board.task('asks').question !== null);
        const ended = await board.stop(running);
        expect(findSecrets(ended.stdout + ended.stderr)).toEqual([]);
        expectKept(board);
        expect(board.dashboard).toContain('redacted DEPLOY_TOKEN');
        expect(board.task('asks').question).toBe(
          'May I use [redacted DEPLOY_TOKEN] and [redacted MY_API_KEY] and [redacted A_SECRET] and [redacted]?',
        );
        expect(board.task('titled').title).toBe('Rotate [redacted] and [redacted DEPLOY_TOKEN]');
        expect(board.record('checked', 1).evidence?.verify[0]?.argv).toEqual([
          'node',
          'tell.mjs',
          '--token=[redacted]',
        ]);
        // The task itself says what the user wrote.
        expect(board.prompt('asks', 1)).toContain(deployToken);
        expect(findSecrets(board.git('log', '--all', '--format=%an %ae %B'))).toEqual([]);
        for (const command of [
          ['status'],
          ['status', '--json'],
          ['show', 'checked'],
          ['show', 'asks', '--json'],
          ['graph'],
          ['logs', 'asks'],
          ['logs', 'asks', '--raw'],
          ['logs', 'fails', '--raw'],
          ['show', `no-such-${github}`],
        ]) {
          const { code, stdout, stderr } = await withPatience(
            board.launch(command, { env: environment }).ended,
            command.join(' '),
          );
          expect({ command, code, found: findSecrets(stdout + stderr) }).toEqual({
            command,
            code: command[1]?.startsWith('no-such') === true ? 2 : 0,
            found: [],
          });
        }
        const raw = await board.launch(['logs', 'asks', '--raw'], { env: environment }).ended;
        for (const line of raw.stdout.trim().split('\n')) JSON.parse(line);
        expect(raw.stdout).toContain('[redacted MY_API_KEY]');
      },
    ),
);

test.concurrent('nor do those that an agent prints on stderr and in its result', { timeout: boardTestTimeoutMs }, () =>
  withBoard({ init: false }, async (board) => {
    const agent = join(board.root, 'agent.mjs');
    writeFileSync(agent, tellTaleAgent);
    await board.succeed('init');
    board.write(
      'config.yaml',
      `retries: 1\nagent: { command: ${process.execPath}, args: [${agent}], env: { A_SECRET: ${configured} } }\n`,
    );
    board.drop({ 'tells.md': '# Tell all\n' });
    const { stdout, stderr } = await withPatience(
      board.launch(['start', '--until-idle'], { env: environment }).ended,
      'the board',
    );
    expect(board.column('attention')).toEqual(['tells']);
    expect(findSecrets(stdout + stderr)).toEqual([]);
    expectKept(board);
    expect(findSecrets(board.read('runs', 'tells', '1', 'stderr.log'))).toEqual(secrets);
    expect(board.record('tells', 1).exit.stderrTail).toContain('[redacted DEPLOY_TOKEN]');
    // What went wrong is told to the next attempt without them.
    expect(findSecrets(board.prompt('tells', 2))).toEqual([]);
  }),
);

test.concurrent(
  'what the runs hold, and what the board keeps, is for the user alone',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'one.md': tasks['reports.md'] ?? '' });
      // Under a umask that lets everybody read.
      const old = process.umask(0);
      const running = board.launch(['start', '--until-idle'], { env: environment });
      process.umask(old);
      await withPatience(running.ended, 'the board');
      expect(board.column('done')).toEqual(['one']);
      const modes = listTree(board.path('runs')).map((name) => {
        const stats = statSync(board.path('runs', name));
        return `${stats.isDirectory() ? 'folder' : 'file'} ${(stats.mode & 0o777).toString(8)}`;
      });
      expect([...new Set(modes)].sort()).toEqual(['file 600', 'folder 700']);
      for (const name of ['history.jsonl', 'queue.json']) {
        expect((statSync(board.path(name)).mode & 0o777).toString(8)).toBe('600');
      }
    }),
);

test.concurrent(
  'while the settings are wrong, and with them what is secret in them unknown, logs and show tell nothing but that',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({ config: settings }, async (board) => {
      board.drop({ 'one.md': writeTask('One', [`say ${configured}`, `ask May I use ${configured}?`]) });
      expect(await board.runUntilIdle()).toBe(3);
      const right = board.read('config.yaml');
      board.write('config.yaml', `${right}\nretries: many\n`);
      for (const args of [
        ['logs', 'one'],
        ['logs', 'one', '--raw'],
        ['show', 'one'],
        ['show', 'one', '--json'],
      ]) {
        const { code, stdout, stderr } = await board.cli(...args);
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
        expect(stderr).toMatch(/config\.yaml:\d+:\d+: retries is "many"[^]*Mend it and try again/);
      }
      board.write('config.yaml', right);
      expect(await board.succeed('logs', 'one')).toContain('[redacted A_SECRET]');
    }),
);

test.concurrent('nor are they in what a board in the background logs', { timeout: boardTestTimeoutMs }, () =>
  withBoard({ config: settings }, async (board) => {
    const started = await board.launch(['start', '--detach'], { env: environment }).ended;
    expect(started.code).toBe(0);
    board.drop({ 'asks.md': tasks['asks.md'] ?? '' });
    await board.arrive('attention', 'asks');
    await board.succeed('stop');
    expect(board.read('daemon.log')).toContain('asks');
    expectKept(board);
  }),
);

/** No file of the board's holds a secret but those that the agent, the user or the prompt's text put there. */
function expectKept(board: ScratchBoard): void {
  const holders = listTree(board.path())
    .filter((name) => statSync(board.path(name)).isFile() && !name.startsWith('worktrees/'))
    .filter((name) => name !== 'config.yaml' && !name.startsWith('inbox/') && !mayHoldThem.test(name))
    .filter((name) => {
      const text = board.read(name);
      const isTask = /^(?:queued|active|attention|done|archive)\//.test(name);
      const own = isTask ? stripStory(text) : '';
      return findSecrets(text.slice(own.length)).length > 0;
    });
  expect(holders).toEqual([]);
  // `grep` and this test agree about what is there.
  const found = execFileSync('grep', ['-rlF', github, board.path('runs')], { encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(found.length).toBeGreaterThan(0);
  for (const path of found) expect(path.slice(board.path().length + 1)).toMatch(mayHoldThem);
}

/** Which secrets a text holds, as they are, or as JSON and markdown write them. */
function findSecrets(text: string): readonly string[] {
  const unescaped = text.replaceAll('\\', '');
  return secrets.filter((secret) => {
    return (
      text.includes(secret) ||
      text.includes(JSON.stringify(secret).slice(1, -1)) ||
      unescaped.includes(secret.replaceAll('\\', ''))
    );
  });
}

function listTree(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}
