#!/usr/bin/env node
/**
 * The `branchboard` command. `start` becomes the supervisor, which loads nothing else; the board is its child, the same
 * program called as `board`. `complete` is called by a shell at each tab, and loads only what the answer takes.
 */
const [verb, ...args] = process.argv.slice(2);
const isOther = args.some((word) => ['--detach', '--help', '-h'].includes(word));

if (verb === 'start' && !isOther) {
  const { supervise } = await import('./supervisor.ts');
  process.exitCode = await supervise(args);
} else if (verb === 'complete') {
  const { complete } = await import('./complete.ts');
  await complete(args.slice(1));
} else {
  const { runProgram } = await import('./program.ts');
  await runProgram(verb === 'board' ? ['start', ...args] : process.argv.slice(2));
}
