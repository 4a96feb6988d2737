#!/usr/bin/env node
/**
 * The `branchboard` command. `start` becomes the supervisor, which loads nothing else; the board is its child, the same
 * program called as `board`.
 */
const [verb, ...args] = process.argv.slice(2);
const isOther = args.some((word) => ['--detach', '--help', '-h'].includes(word));

if (verb === 'start' && !isOther) {
  const { supervise } = await import('./supervisor.ts');
  process.exitCode = await supervise(args);
} else {
  const { runProgram } = await import('./program.ts');
  await runProgram(verb === 'board' ? ['start', ...args] : process.argv.slice(2));
}
