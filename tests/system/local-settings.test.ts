/** Settings that the repository must not hold: `local.yaml`, and what is said of secrets in `config.yaml`. */
import { chmodSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;
const token = 'local-token-0815';

const files = {
  'check.mjs': 'process.exit(process.env.DEPLOY_TOKEN?.startsWith(process.argv[2]) ? 0 : 1);\n',
};

/** Drops a task with a check of its own, which has to be granted where nothing confines it. */
async function dropChecked(board: ScratchBoard, name: string, expected: string): Promise<void> {
  const task = writeTask(name, [`write ${name}.txt x`, `commit Add ${name}`], { verify: `node check.mjs ${expected}` });
  board.drop({ [`${name}.md`]: task });
  await waitUntil('it is accepted', () => board.happened('task-accepted').some((entry) => entry.task === name));
  await board.succeed('grant', name);
}

test.concurrent(
  'what it says reaches agents and checks, is read again when it changes, and is in no commit',
  { timeout },
  () =>
    withBoard(
      { files, config: 'agent: { kind: scripted, env: { DEPLOY_TOKEN: from-config } }\nretries: 0' },
      async (board) => {
        board.write('local.yaml', 'agent: { env: { DEPLOY_TOKEN: first-of-them } }\n');
        chmodSync(board.path('local.yaml'), 0o644);
        const running = await board.start();
        expect(running.output()).toContain(
          'Other users could get at a file or folder of .orchestrator/; now only you can',
        );
        expect((statSync(board.path('local.yaml')).mode & 0o777).toString(8)).toBe('600');
        await dropChecked(board, 'one', 'first-of-them');
        await board.arrive('done', 'one');
        board.write('local.yaml', 'agent: { env: { DEPLOY_TOKEN: second-of-them } }\n');
        await waitUntil('the settings were read again', () => board.happened('settings-changed').length > 0);
        await dropChecked(board, 'two', 'second-of-them');
        await board.arrive('done', 'two');
        expect(running.output()).not.toContain('first-of-them');
        board.write('local.yaml', 'agnet: {}\n');
        await waitUntil('the mistake is told', () => board.dashboard.includes('.orchestrator/local.yaml:1:1'));
        await board.stop(running);
        board.git('add', '--all');
        expect(board.git('ls-files', '.orchestrator')).not.toContain('local.yaml');
      },
    ),
);

test.concurrent('one that git tracks, or that is a link, ends the start with what to type', { timeout }, () =>
  withBoard({}, async (board) => {
    board.write('local.yaml', `agent: { env: { DEPLOY_TOKEN: ${token} } }\n`);
    chmodSync(board.path('local.yaml'), 0o600);
    board.git('add', '--force', '.orchestrator/local.yaml');
    for (const args of [['start'], ['start', '--detach']])
      await expectRefused(board, args, /git rm --cached \.orchestrator\/local\.yaml/);
    expect((await board.cli('doctor')).stdout).toMatch(/✗ settings +\.orchestrator\/local\.yaml: git tracks this file/);
    board.git('rm', '--quiet', '--cached', '.orchestrator/local.yaml');
    expect(await board.runUntilIdle()).toBe(0);
    renameSync(board.path('local.yaml'), join(board.root, 'elsewhere.yaml'));
    symlinkSync(join(board.root, 'elsewhere.yaml'), board.path('local.yaml'));
    await expectRefused(board, ['start'], /local\.yaml: this is a symbolic link, which is never read/);
  }),
);

async function expectRefused(board: ScratchBoard, args: readonly string[], told: RegExp): Promise<void> {
  const { code, stdout, stderr } = await board.cli(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(told);
}

test.concurrent(
  'a secret in a config.yaml that others get is named by doctor and start, and never told',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const before = (await board.cli('doctor')).stdout;
      expect(before).toContain('✓ secrets');
      const hook = 'https://hooks.slack.com/services/T00/B00/abcdefgh';
      board.write(
        'config.yaml',
        `agent: { kind: scripted, env: { DEPLOY_TOKEN: ${token}, PLAIN: ghp_${'a1'.repeat(15)}, API_URL: 'http://localhost', DB_PASSWORD: short } }\nnotify: curl -d x ${hook}\n`,
      );
      const untracked = await board.cli('doctor');
      expect(untracked.code).toBe(0);
      expect(untracked.stdout).toMatch(
        /! secrets +agent\.env\.DEPLOY_TOKEN in \.orchestrator\/config\.yaml looks like a secret, and git add would take that file in/,
      );
      board.git('add', '.orchestrator');
      const { stdout } = await board.cli('doctor');
      for (const key of ['agent.env.DEPLOY_TOKEN', 'agent.env.PLAIN', 'agent.env.DB_PASSWORD', 'notify']) {
        expect(stdout).toContain(`${key} in .orchestrator/config.yaml looks like a secret, and git tracks that file`);
      }
      expect(stdout).toContain(
        'Move it to .orchestrator/local.yaml, which git ignores:  agent: { env: { DEPLOY_TOKEN: ... } }',
      );
      expect(stdout).not.toContain('API_URL');
      const started = await board.cli('start', '--until-idle');
      expect(started.code).toBe(0);
      expect(started.stdout).toMatch(/^! agent\.env\.DEPLOY_TOKEN in .*Move it to \.orchestrator\/local\.yaml/m);
      for (const value of [token, 'ghp_', 'T00/B00', 'short']) expect(board.printed).not.toContain(value);
      board.write('config.yaml', 'agent: { kind: scripted }\n');
      board.write('local.yaml', `agent: { env: { DEPLOY_TOKEN: ${token} } }\n`);
      chmodSync(board.path('local.yaml'), 0o600);
      expect((await board.cli('doctor')).stdout).toContain('✓ secrets');
    }),
);

test.concurrent('doctor says where a board of old would give its local settings away', { timeout }, () =>
  withBoard({}, async (board) => {
    board.write('.gitignore', '/worktrees\n');
    board.write('local.yaml', `agent: { env: { DEPLOY_TOKEN: ${token} } }\n`);
    chmodSync(board.path('local.yaml'), 0o644);
    const { stdout } = await board.cli('doctor');
    expect(stdout).toMatch(
      /! secrets +git does not ignore \.orchestrator\/local\.yaml[^]*echo \/local\.yaml >> \.orchestrator\/\.gitignore/,
    );
    expect(stdout).toMatch(
      /! secrets +other users can read \.orchestrator\/local\.yaml[^]*chmod 600 \.orchestrator\/local\.yaml/,
    );
  }),
);
