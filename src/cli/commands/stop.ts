/** `stop`: ends the board that runs here; its agents are stopped and stay resumable. */
import { setTimeout as delay } from 'node:timers/promises';
import { askToStop } from '../../adapters/daemon-lock/daemon-lock.ts';
import { signalProcess } from '../../adapters/machine/processes.ts';
import { readRegular } from '../../adapters/machine/regular-file.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findUncheckedPlace, type GlobalOptions } from '../place.ts';
import { print, type Verb } from '../verb.ts';

/** A board waits for its agents to end; longer than this something is wrong. */
const stopTimeoutMs = 60_000;
const pollMs = 50;

/** The verb `stop`. */
export const stopCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    const { layout } = await findUncheckedPlace(options);
    const owner = await askToStop(layout.root);
    if (owner === null) {
      const supervisor = await endSupervisor(layout.supervisor);
      print(
        supervisor === null ? 'No board runs here.' : `Stopped (pid ${String(supervisor)}), before it started again.`,
      );
      return;
    }
    for (let waitedMs = 0; waitedMs < stopTimeoutMs; waitedMs += pollMs) {
      if (owner.hasEnded()) {
        print(`Stopped (pid ${String(owner.pid)}).`);
        return;
      }
      await delay(pollMs);
    }
    throw new CliError(
      exitCodes.fault,
      `the board (pid ${String(owner.pid)}) is still ending its agents`,
      'Type branchboard stop again to hurry it.',
    );
  });

/** Ends the supervisor that waits until it starts a crashed board again; null where none does. */
async function endSupervisor(path: string): Promise<number | null> {
  const [pid, start = ''] = (await readRegular(path).catch(() => '')).split('\n');
  const mark = { pid: Number(pid), start };
  return mark.pid > 0 && signalProcess(mark, 'SIGTERM') ? mark.pid : null;
}
