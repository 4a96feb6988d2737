/**
 * `take`: takes a task over from its agent. The user goes on in its session and its worktree, on their own terms: their
 * environment and their settings of the agent, without a run's mark. When that ends, they are asked once what becomes of the
 * task; whatever ends this process before, it stays theirs.
 */
import { execa } from 'execa';
import { createDrivers } from '../../adapters/agent/drivers.ts';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { forgetSession, noteSession } from '../../adapters/files/session-file.ts';
import { createClock } from '../../adapters/machine/clock.ts';
import type { AgentCall } from '../../adapters/agent/driver/agent-driver.ts';
import { applyTerms } from '../../domain/run-terms.ts';
import { formatCommand, type TaskId } from '../../domain/task.ts';
import { findOwnRun } from '../../domain/task-facts.ts';
import { PortError } from '../../ports.ts';
import { refuseAgents } from '../asked-rights.ts';
import { askAndPrint } from '../ask-board.ts';
import { askLine, findUntrusted, requireTrust } from '../ask-trust.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { findTask } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `take`. */
export const takeCommand: Verb = (command) =>
  command
    .addHelpText(
      'after',
      `
Its agent is ended and its work kept. Then its session is opened in its worktree, for you to talk and to work there; the kind of
agent that can't be talked to gives you a shell. Nothing is started on the task until you hand it back: that is asked when you
end the session, and can be done later by \`hand-back\` (it is done, and checked) or \`retry\` (its agent goes on).`,
    )
    .action(async (text: string, options: GlobalOptions) => {
      refuseAgents();
      if (!process.stdin.isTTY || !process.stdout.isTTY) {
        const hint = `To look at its work: branchboard open ${text}. To tell its agent something: branchboard note ${text} TEXT`;
        throw new CliError(exitCodes.usage, 'a task is taken over in a terminal, and this is none', hint);
      }
      const place = await openPlace(options);
      const { id } = await findTask(place, text);
      const settings = await requireSettings(place);
      await requireTrust(place, await findUntrusted(place, settings));
      if (!(await askAndPrint(options, place, { kind: 'take', task: id }))) {
        print(`Once it is in attention/: branchboard take ${id}`);
        return;
      }
      const { runs, verdict } = await readTaskFacts(place.layout, id);
      const plan = findOwnRun({ runs })?.plan;
      if (plan === undefined) throw new CliError(exitCodes.fault, `the last run of ${id} can't be read`);
      const { agent } = applyTerms(settings, plan.terms);
      const call = findCall(() =>
        createDrivers(createClock())[agent.kind].talk(agent, verdict?.sessionId ?? null, place.topLevel),
      );
      await talk(place, id, call, { cwd: plan.workspace.path, env: agent.env });
      await handBack(options, place, id);
    });

/** The call of the session, or the user's shell. */
function findCall(find: () => AgentCall | null): AgentCall {
  try {
    return find() ?? { program: process.env['SHELL'] ?? '/bin/sh', args: [] };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    throw new CliError(exitCodes.notReady, error.message, 'The task stays yours; mend this and take it again.');
  }
}

/** Gives the terminal to the session until it ends. Meanwhile nothing is started beside it. */
async function talk(
  { layout }: OpenPlace,
  task: TaskId,
  { program, args }: AgentCall,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  print(`In ${formatCommand([cwd])}: ${formatCommand([program, ...args])}`);
  // What the user types there is for the session, and this process outlives it.
  const stay = (): void => undefined;
  const signals = ['SIGINT', 'SIGQUIT'] as const;
  for (const signal of signals) process.on(signal, stay);
  const session = execa(program, args, { cwd, env, stdio: 'inherit', reject: false });
  if (session.pid !== undefined) await noteSession(layout, task, session.pid);
  const result = await session;
  await forgetSession(layout, task);
  for (const signal of signals) process.off(signal, stay);
  if (result.failed && result.exitCode === undefined) print(`! ${result.shortMessage}`);
}

/** Asks once what becomes of the task. */
async function handBack(options: GlobalOptions, place: OpenPlace, task: TaskId): Promise<void> {
  const answer = await askLine(
    `\nWhat becomes of ${task}?\n  d  it is done: its work is checked\n  g  its agent goes on without you\n  l  leave it: it stays yours\n[d/g/L] `,
  );
  const kind = /^d(?:one)?$/i.test(answer) ? 'hand-back' : /^g(?:o(?:[ -]on)?)?$/i.test(answer) ? 'retry' : null;
  if (kind !== null) await askAndPrint(options, place, { kind, task });
  else {
    print(`It stays yours. Go on: branchboard take ${task}. It is done: branchboard hand-back ${task}. Let its agent go on:
branchboard retry ${task}`);
  }
}
