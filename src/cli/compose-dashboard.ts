/** Joins the dashboard's file with what knows the user's text in it; a board that is given up loads no more than this. */
import {
  createDashboardFile,
  type DashboardFileOptions,
  type SettlingDashboardFile,
} from '../adapters/dashboard/dashboard-file.ts';
import { writeCommand } from '../adapters/files/command-files.ts';
import { makeRequest, type TaskCommand, type Tick } from '../domain/command.ts';
import { limits } from '../domain/limits.ts';
import * as zones from '../markdown/dashboard-zones.ts';
import type { Clock } from '../ports.ts';
import type { Place } from './place.ts';

/** The dashboard of a place. Without `onTicks`, ticked boxes wait for who starts it next. */
export function composeDashboard({ layout }: Place, onTicks?: DashboardFileOptions['onTicks']): SettlingDashboardFile {
  return createDashboardFile({ path: layout.dashboard, zones, ...(onTicks === undefined ? {} : { onTicks }) });
}

/** Lays a command down for each box that was ticked; the board finds them as it finds any other. */
export async function layDownTicks({ layout }: Place, clock: Clock, ticks: readonly Tick[]): Promise<void> {
  for (const tick of ticks) {
    const asked = { by: 'dashboard', seen: tick.seen, command: commandOf(tick) } as const;
    await writeCommand(layout, makeRequest(clock.now(), clock.uuid(), asked));
  }
}

function commandOf({ kind, task, commit, text = '' }: Tick): TaskCommand {
  // One character more than may be told is enough to be refused.
  const said = text.slice(0, limits.maxSaidChars + 1);
  switch (kind) {
    case 'tell':
      return { kind, task, text: said };
    case 'send-back':
      return { kind, task, commit: commit ?? null, text: said };
    case 'retry':
    case 'cancel':
      return { kind, task };
  }
}
