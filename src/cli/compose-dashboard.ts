/** Joins the dashboard's file with what knows the user's text in it; a board that is given up loads no more than this. */
import { createDashboardFile, type SettlingDashboardFile } from '../adapters/dashboard/dashboard-file.ts';
import { countChanges } from '../markdown/line-merge.ts';
import * as userZones from '../markdown/user-zones.ts';
import type { Place } from './place.ts';

/** The dashboard of a place. */
export function composeDashboard({ layout }: Place): SettlingDashboardFile {
  return createDashboardFile({ path: layout.dashboard, zones: { ...userZones, countChanges } });
}
