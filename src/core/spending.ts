/** Sums the cost of today's runs, and holds the board once the daily budget is spent. */
import type { Board } from '../domain/board.ts';
import type { Spending } from '../domain/hold.ts';
import { nameRun, type RunPlan } from '../domain/run.ts';
import type { Draft } from './draft.ts';
import { endHold, placeHold } from './circuit-breaker.ts';

const dayMs = 24 * 60 * 60_000;

/** The day's costs in US dollars, of the runs that ended. */
export function sumSpending({ costs }: Spending): number {
  return [...costs.values()].reduce((sum, usd) => sum + usd, 0);
}

/** What was spent today in US dollars, with the runs that are under way: the one figure that is shown of the board. */
export function sumToday({ spending, live }: Board): number {
  const underWay = [...live.values()].map((task) =>
    task.state === 'active' && task.phase.name === 'running' ? task.phase.view.costUsd : 0,
  );
  return underWay.reduce((sum, usd) => sum + usd, sumSpending(spending));
}

/** Counts a run's cost once, however often its end is reported: a board that died with the run reports it again. */
export function spend(draft: Draft, plan: RunPlan, usd: number): void {
  const { spending, settings } = draft.board;
  const name = nameRun(plan, plan.plannedAt);
  if (usd === 0 || spending.costs.has(name)) return;
  const spent: Spending = { ...spending, costs: new Map(spending.costs).set(name, usd) };
  draft.set({ spending: spent });
  const total = sumSpending(spent);
  if (settings.dailyBudgetUsd === null || total < settings.dailyBudgetUsd) return;
  const detail = `$${total.toFixed(2)} of $${settings.dailyBudgetUsd.toFixed(2)} were spent today.`;
  placeHold(draft, 'budget', detail, draft.at + dayMs);
}

/** A new day has its own budget. */
export function startDay(draft: Draft, day: string): void {
  if (draft.board.spending.day === day) return;
  draft.set({ spending: { day, costs: new Map() } });
  endBudgetHold(draft);
}

/** A spent budget holds only as long as today's spending is not below it: another day, or a higher budget, ends it. */
export function endBudgetHold(draft: Draft): void {
  const { hold, spending, settings } = draft.board;
  if (hold?.reason !== 'budget') return;
  if (settings.dailyBudgetUsd === null || sumSpending(spending) < settings.dailyBudgetUsd) endHold(draft);
}
