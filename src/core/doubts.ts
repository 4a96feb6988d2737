/**
 * Decides which claims of a run count. Any process of the user's can write an agent's stream and the repository's refs,
 * so their claims decide nothing that others depend on: commits and checks decide how a run ended, and of a cost counts
 * only what the run could have spent.
 */
import { limits } from '../domain/limits.ts';
import type { MovedRef } from '../domain/moved-ref.ts';
import type { RunView } from '../domain/run.ts';
import type { EndedRun } from '../domain/task-past.ts';

/** Bounds of a run's cost. */
export interface CostBounds {
  /** The run's budget in US dollars; null where it has none. */
  readonly budgetUsd: number | null;
  /** The cost of the task's earlier runs: some versions of Claude Code count the whole session again. */
  readonly earlierUsd: number;
}

/** The view with the cost that counts: no more than the run's budget. A claim that can be explained is taken back to that. */
export function boundCost(view: RunView, { budgetUsd, earlierUsd }: CostBounds): RunView {
  const most = budgetUsd ?? limits.maxRunCostUsd;
  const costUsd = Math.min(view.costUsd, most);
  const claimedUsd = view.claimedUsd <= most + earlierUsd ? costUsd : view.claimedUsd;
  return costUsd === view.costUsd && claimedUsd === view.claimedUsd ? view : { ...view, costUsd, claimedUsd };
}

/** Warnings about a run beside how it ended. */
export function listWarnings({ plan, exit }: EndedRun): readonly string[] {
  if (exit === null) return [];
  const { strayLines, claimedUsd, costUsd } = exit.view;
  const which = `Run ${String(plan.n)}:`;
  const warnings: string[] = [];
  if (strayLines > 0) {
    const lines = strayLines === 1 ? 'one place in it' : `${String(strayLines)} places in it`;
    warnings.push(
      `${which} the stream was written to by another process, and what stands at ${lines} was not believed.`,
    );
  }
  if (claimedUsd > costUsd) {
    const claimed = claimedUsd > limits.maxRunCostUsd ? `more than $${String(limits.maxRunCostUsd)}` : usd(claimedUsd);
    warnings.push(`${which} its stream claims a cost of ${claimed}, beyond what it may spend; ${usd(costUsd)} counts.`);
  }
  return warnings;
}

/** Refs that moved until a run and its checks were through. */
export function listMoved({ exit, evidence }: EndedRun): readonly MovedRef[] {
  return evidence === null || evidence.moved.length === 0 ? (exit?.moved ?? []) : evidence.moved;
}

function usd(amount: number): string {
  return `$${amount.toFixed(2)}`;
}
