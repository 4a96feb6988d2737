/** No process is left behind, of good runs and bad ones, of commands and of git; and none is ended that is not ours. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeAgent, waitUntilStreamed, writeAgent } from './fake-agent.ts';
import { addFile, boardTestTimeoutMs, isAlive, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

/** Starts a process in each way in which one gets away from its parent; each writes its pid into the file `left`. */
const leaveAll = (board: ScratchBoard): string => `left=${board.gate('left')}
sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" &
setsid sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" &
nohup sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" > /dev/null 2>&1 &
( ( setsid sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" & ) & )
setsid sh -c 'trap "" TERM INT HUP; echo $$ >> "$0"; while :; do sleep 1; done' "$left" &
env -i setsid sh -c 'echo $$ >> "$0"; while :; do /bin/sleep 1; done' "$left" &
until [ "$(wc -l < "$left")" -ge 6 ]; do sleep 0.02; done
`;

function readLeft(board: ScratchBoard): readonly number[] {
  return readFileSync(board.gate('left'), 'utf8').trim().split('\n').map(Number);
}

/** Runs `use` beside a process in the agent's folder that is the user's own. */
async function besideOurOwn(cwd: string, use: () => Promise<void>): Promise<void> {
  const own = spawn('sleep', ['300'], { cwd, stdio: 'ignore', detached: true });
  try {
    await use();
    expect(isAlive(own.pid ?? 0)).toBe(true);
  } finally {
    own.kill('SIGKILL');
  }
}

function expectAllGone(board: ScratchBoard): void {
  const left = readLeft(board);
  expect(left).toHaveLength(6);
  expect(left.filter(isAlive)).toEqual([]);
  expect(board.findAgentProcesses()).toEqual([]);
}

test.concurrent('of a run that ends well nothing is left', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    // It stays for a moment after its result, as Claude Code does.
    writeAgent(board, `${leaveAll(board)}\nwork a.txt\nend\nsleep 1`);
    board.drop({ 'job.md': '# Job\n' });
    await besideOurOwn(board.repo, async () => expect(await board.runUntilIdle()).toBe(0));
    expectAllGone(board);
    expect(board.task('job')).toMatchObject({ column: 'done', attempt: 1 });
  }),
);

for (const [name, config, stop] of [
  ['is cancelled', '', (board: ScratchBoard) => board.succeed('cancel', 'job')],
  ['takes too long', 'timeout: 12s\nretries: 0', () => Promise.resolve()],
] as const) {
  test.concurrent(`of a run that ${name} nothing is left`, { timeout }, () =>
    withBoard({ config: `${fakeAgent}\n${config}` }, async (board) => {
      writeAgent(board, `${leaveAll(board)}\ntool t1\nexec sleep 300`);
      board.drop({ 'job.md': '# Job\n' });
      const running = await board.start();
      await waitUntilStreamed(board, 'job', 'tool_use');
      await besideOurOwn(board.worktree('job'), async () => {
        await stop(board);
        await waitUntil('it is over', () => board.happened('run-ended').length === 1);
      });
      expectAllGone(board);
      await board.stop(running);
    }),
  );
}

test.concurrent('a check that leaves a server running is over, and so is the server', { timeout }, () =>
  withBoard({ config: 'sandbox: off\ntask_rights: { verify: true }' }, async (board) => {
    const check = `sleep 300 & echo $! > ${board.gate('left')}; setsid sleep 300 & echo $! >> ${board.gate('left')}`;
    writeFileSync(board.gate('check'), check);
    board.drop({ 'job.md': writeTask('Job', addFile('a.txt'), { verify: `sh ${board.gate('check')}` }) });
    expect(await board.runUntilIdle()).toBe(0);
    expect(readLeft(board).filter(isAlive)).toEqual([]);
    expect(board.findAgentProcesses()).toEqual([]);
  }),
);

for (const kind of ['setup', 'verify'] as const) {
  test.concurrent(`a ${kind} command of a killed board is ended before the next one runs it again`, { timeout }, () =>
    withBoard({}, async (board) => {
      const script = board.gate('command');
      // It says so where another one of it still runs.
      const note = (text: string): string => `echo "${text}" >> ${board.gate('noted')}`;
      const previous = board.gate('previous');
      writeFileSync(
        script,
        `[ -e ${previous} ] && grep -qs '^State:.[^ZX]' "/proc/$(cat ${previous})/status" && ${note('twice at once')}
echo $$ > ${previous}
${note('begun')}
until [ -e ${board.gate('go')} ]; do sleep 0.02; done
`,
      );
      board.write('config.yaml', `${board.read('config.yaml')}\n${kind}: sh ${script}\n`);
      board.drop({ 'job.md': writeTask('Job', addFile('a.txt')) });
      const noted = (): readonly string[] => readFileSync(board.gate('noted'), 'utf8').trim().split('\n');
      const first = await board.start();
      await waitUntil('it runs', () => noted().length === 1);
      const pid = Number(readFileSync(previous, 'utf8'));
      first.signal('SIGKILL');
      await first.ended;
      expect(isAlive(pid)).toBe(true);
      const second = await board.start();
      await waitUntil('it runs again', () => noted().length >= 2);
      expect(isAlive(pid)).toBe(false);
      board.open('go');
      await board.arrive('done', 'job');
      expect(noted()).toEqual(['begun', 'begun']);
      await board.stop(second);
      expect(board.findAgentProcesses()).toEqual([]);
    }),
  );
}

test.concurrent('git that is still at work for a killed board is waited for', { timeout }, () =>
  withBoard({}, async (board) => {
    // Git's checkout of the worktree waits until it is told to go on.
    const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const bin = join(board.root, 'bin');
    mkdirSync(bin);
    const wait = `case " $* " in *" reset "*) touch ${board.gate('begun')}; until [ -e ${board.gate('go')} ]; do sleep 0.02; done ;; esac`;
    writeFileSync(join(bin, 'git'), `#!/bin/sh\n${wait}\nexec ${git} "$@"\n`, { mode: 0o755 });
    const env = { PATH: `${bin}:${board.environment['PATH'] ?? ''}` };
    board.drop({ 'job.md': writeTask('Job', addFile('a.txt')) });
    const first = board.launch(['board'], { env });
    await waitUntil('git is at work', () => existsSync(board.gate('begun')));
    first.signal('SIGKILL');
    await first.ended;
    const left = board.findProcesses();
    expect(left.length).toBeGreaterThan(0);
    const second = board.launch(['start', '--until-idle'], { env });
    await waitUntil('it waits', () => second.output().includes('git is still at work for the board that was killed'));
    expect(second.output()).not.toContain('board started');
    board.open('go');
    expect((await second.ended).code).toBe(0);
    expect(left.filter(isAlive)).toEqual([]);
    expect(board.task('job')).toMatchObject({ column: 'done', commits: 1 });
  }),
);

test.concurrent('git that never ends is ended after a while, and the board goes on', { timeout }, () =>
  withBoard({}, async (board) => {
    const env = { ...board.environment, BRANCHBOARD_BOARD: board.path() };
    const stuck = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], {
      env,
      stdio: 'ignore',
      detached: true,
    });
    board.drop({ 'job.md': writeTask('Job', addFile('a.txt')) });
    const { code, stdout, stderr } = await board.cli('start', '--until-idle');
    expect({ code, said: (stdout + stderr).includes('did not end within 10 s and was ended') }).toEqual({
      code: 0,
      said: true,
    });
    expect(isAlive(stuck.pid ?? 0)).toBe(false);
  }),
);
