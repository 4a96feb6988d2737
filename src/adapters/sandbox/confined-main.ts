/**
 * Runs one command inside the sandbox, as a program of its own: the sandbox library keeps one set of rules and proxies a
 * process, and several commands run at once. What it is to run stands in a file, so that nothing of it is on a command
 * line. It ends with the command's exit code, and writes what the sandbox refused into another file.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { SandboxManager } from '@anthropic-ai/sandbox-runtime';
import { quote } from 'shell-quote';
import { z } from 'zod';

/** What the file says. */
const requestShape = z.object({
  argv: z.array(z.string()).min(1),
  allowWrite: z.array(z.string()),
  denyWrite: z.array(z.string()),
  denyRead: z.array(z.string()),
  allowedDomains: z.array(z.string()),
  tempDir: z.string(),
  /** Gets a line for each connection that was refused. */
  refusals: z.string(),
});

/** A command that can't be started inside ends as one that a shell does not find. */
const notStarted = 127;

async function main(file: string): Promise<number> {
  const request = requestShape.parse(JSON.parse(readFileSync(file, 'utf8')));
  // The library gives the command this folder as its TMPDIR.
  process.env['CLAUDE_CODE_TMPDIR'] = request.tempDir;
  // It leaves sockets and empty folders in its own one where this program is killed; who starts it removes this one.
  process.env['TMPDIR'] = dirname(file);
  await SandboxManager.initialize({
    network: { allowedDomains: request.allowedDomains, deniedDomains: [] },
    filesystem: { allowWrite: request.allowWrite, denyWrite: request.denyWrite, denyRead: request.denyRead },
    // It looks with ripgrep for nested files that the user's tools would run. Nobody runs any in a worktree, and
    // `false` answers as a search that found nothing.
    ripgrep: { command: 'false' },
  });
  const { argv, env } = await SandboxManager.wrapWithSandboxArgv(quote(request.argv));
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(notStarted));
    child.once('exit', (exitCode, signal) =>
      resolve(exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  const refused = SandboxManager.getSandboxViolationStore().getViolations();
  writeFileSync(request.refusals, refused.map(({ line }) => `${line}\n`).join(''), { mode: 0o600 });
  SandboxManager.cleanupAfterCommand();
  await SandboxManager.reset();
  return code;
}

process.exit(await main(process.argv[2] ?? ''));
