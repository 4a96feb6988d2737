/** What it costs to type a command, and to wait for a board, beside `node -e 0` in the same run. */
import { cliMain, median, printTable, run, time, withBoard } from './scratch.mjs';

/** The system counts processor time in hundredths of a second, so that several calls are counted together. */
const callsPerRound = 10;

/** Prints the processor time and the wall time of commands that do next to nothing. */
export async function benchCommands(scratch, { rounds }) {
  const { repo } = scratch.makeBoard(4);
  const calls = {
    'node -e 0': ['-e', '0'],
    'branchboard --version': [cliMain, '--version'],
    'branchboard --help': [cliMain, '--help'],
    'branchboard status': [cliMain, 'status'],
  };
  const budgets = { 'branchboard --help': 'at most 4', 'branchboard status': 'at most 5' };
  const options = { cwd: repo, env: scratch.env };
  const measured = Object.keys(calls).map((name) => ({ name, cpu: [], wall: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, cpu, wall } of measured) {
      cpu.push(timeCpu(calls[name], options));
      wall.push(await time(process.execPath, calls[name], options));
    }
  }
  const bare = measured[0];
  const ratio = (values, bareValues) => (median(values) / median(bareValues)).toFixed(2);
  printTable(`Commands, ${rounds} rounds`, [
    ['', 'processor', 'ratio', 'budget', 'wall', 'ratio'],
    ...measured.map(({ name, cpu, wall }) => [
      name,
      `${median(cpu).toFixed(0)} ms`,
      ratio(cpu, bare.cpu),
      budgets[name] ?? '',
      `${median(wall).toFixed(0)} ms`,
      ratio(wall, bare.wall),
    ]),
  ]);
}

/** Prints how long it takes from `start` to the first dashboard. */
export async function benchStart(scratch, { rounds }) {
  const bare = [];
  const started = [];
  for (let round = 0; round < rounds; round += 1) {
    const board = scratch.makeBoard(4);
    bare.push(await time(process.execPath, ['-e', '0'], { cwd: board.repo, env: scratch.env }));
    started.push(await withBoard(board, scratch.env, ({ startMs }) => Promise.resolve(startMs)));
  }
  const more = started.map((ms, round) => ms - bare[round]);
  printTable(`Start, ${rounds} rounds`, [
    ['', 'median', 'budget'],
    ['node -e 0', `${median(bare).toFixed(0)} ms`, ''],
    ['branchboard start, until the dashboard is there', `${median(started).toFixed(0)} ms`, ''],
    ['difference, round by round', `${median(more).toFixed(0)} ms`, 'at most 300 ms'],
  ]);
}

/** Milliseconds of processor time of one call, user and system. */
function timeCpu(args, options) {
  const script = `i=0; while [ $i -lt ${callsPerRound} ]; do "$@" > /dev/null || exit 1; i=$((i + 1)); done; times`;
  const printed = run('sh', ['-c', script, 'sh', process.execPath, ...args], options);
  const ofChildren = printed.trim().split('\n').at(-1) ?? '';
  const seconds = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  return (seconds.reduce((sum, each) => sum + each, 0) * 1000) / callsPerRound;
}
