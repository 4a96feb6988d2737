/** Joins the dashboard's file with what knows the user's text in it; a board that is given up loads no more than this. */
import {
  createDashboardFile,
  type DashboardFileOptions,
  type SettlingDashboardFile,
} from '../adapters/dashboard/dashboard-file.ts';
import { writeCommand } from '../adapters/files/command-files.ts';
import { commandOfTick, makeRequest, type Tick } from '../domain/command.ts';
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
    const asked = { by: 'dashboard', seen: tick.seen, command: commandOfTick(tick) } as const;
    await writeCommand(layout, makeRequest(clock.now(), clock.uuid(), asked));
  }
}
