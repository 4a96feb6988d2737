/** All verbs: reads the arguments, calls the verb's own file, turns errors into messages and exit codes. */
import { Command, CommanderError } from 'commander';
import { codeOf } from '../adapters/machine/errors.ts';
import { followSupervisor, tellSupervisor } from '../adapters/machine/supervision.ts';
import { summarizeFault } from '../domain/error-message.ts';
import { PortError } from '../ports.ts';
import { CliError, exitCodes, type ExitCode } from './exit-code.ts';
import { addGlobalOptions } from './verb.ts';
import { findHint, resolveName } from './tried-words.ts';
import { verbGroups, verbs, type KnownVerb } from './verbs.ts';
import { readVersion } from './version.ts';

/** What stands below the commands. */
const helpEnd = `
Examples:
  branchboard add "Add a login page"        a task in one sentence; a file or \`-\` holds more
  branchboard start --until-idle            runs until nothing can go on without you
  branchboard logs login -f                 follows its agent
  branchboard retry login -m "Keep v1"      tries it again, and tells its agent why

branchboard COMMAND --help says more; without a command it says what to do next here.`;

async function main(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.fine;
  const program = new Command('branchboard')
    .description(
      'A task board made of files that runs Claude Code: drop markdown tasks, review the branches they leave.',
    )
    .usage('COMMAND [options]')
    .version(readVersion())
    .helpCommand(false)
    .addHelpText('after', helpEnd)
    .showHelpAfterError('(branchboard --help lists the commands)')
    .exitOverride();
  const loads = new Map<Command, KnownVerb['load']>();
  for (const { usage, description, group, load } of verbs) {
    loads.set(program.command(usage).description(description).helpGroup(verbGroups[group]), load);
  }
  program.hook('preSubcommand', async (_, command) => {
    (await loads.get(command)?.())?.(command, (code) => (exitCode = code));
    addGlobalOptions(command);
    command.exitOverride().showHelpAfterError(`(branchboard ${command.name()} --help says more)`);
  });
  const [first, ...others] = resolveName(args);
  if (first === undefined) {
    const { printFrontPage } = await import('./front-page.ts');
    await printFrontPage();
    return exitCode;
  }
  // `help VERB` is answered here, since a verb's options are not loaded for commander's own.
  const words = first === 'help' ? [...others, '--help'] : [first, ...others];
  const hint = findHint(words[0] ?? '');
  if (hint !== null) throw new CliError(exitCodes.usage, `there is no command ${String(words[0])}`, hint);
  await program.parseAsync(words, { from: 'user' });
  return exitCode;
}

/** Advice for a system that refuses, by the error's code. */
const systemAdvice: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'The disk is full: make room (df -h), then try again.'],
  ['EDQUOT', 'Your share of the disk is used up: make room (quota -s), then try again.'],
  ['EROFS', 'The file system is mounted read-only: mount it for writing, then try again.'],
  ['EACCES', 'Check who owns the files in .orchestrator/ and .git/ (ls -ld), then try again.'],
]);

async function report(error: unknown): Promise<ExitCode> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  const { createRedactor } = await import('../adapters/redaction/redactor.ts');
  const redact = createRedactor([process.env]);
  tellSupervisor({ type: 'failed', why: summarizeFault(error, redact) });
  if (error instanceof CliError) {
    process.stderr.write(redact(`error: ${error.message}\n${error.hint === null ? '' : `${error.hint}\n`}`));
    return error.exitCode;
  }
  const advice = systemAdvice.get(codeOf(error) ?? '');
  if (error instanceof Error && advice !== undefined) {
    process.stderr.write(redact(`error: ${error.message}\n${advice}\n`));
    return exitCodes.notReady;
  }
  // The fault is outside of the program, and its message says what to do.
  if (error instanceof PortError) {
    process.stderr.write(redact(`error: ${error.message}\n`));
    return exitCodes.notReady;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(redact(`branchboard has a fault; please report it:\n${text}\n`));
  return exitCodes.fault;
}

/** These verbs have agents at work, and go on when nobody reads their output. */
const outliveTheirReader = ['board', 'demo'];

/** A reader that goes away, such as `head`, and a terminal that is closed are no fault. */
const readerIsGone = ['EPIPE', 'EIO'];

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!readerIsGone.includes(error.code ?? '')) throw error;
    if (!outliveTheirReader.includes(process.argv[2] ?? '')) process.exit(exitCodes.fine);
  });
}

/** Runs what the arguments say, and sets the exit code. */
export async function runProgram(args: readonly string[]): Promise<void> {
  // Before anything else, so that no board runs without a supervisor that was to have one.
  followSupervisor();
  try {
    process.exitCode = await main(args);
  } catch (error) {
    // Nothing is waited for that is still under way.
    process.exit(await report(error));
  }
}
