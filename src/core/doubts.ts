/**
 * What is not believed of a run, and what is told of it. An agent's stream and the repository's refs can be written by
 * whatever runs as the user, so what they claim decides nothing that others depend on: how a run ended is decided by its
 * commits and checks, and of a cost counts what the run could have spent.
 */
import { limits } from '../domain/limits.ts';
import type { MovedRef } from '../domain/moved-ref.ts';
import type { RunView } from '../domain/run.ts';
import type { EndedRun } from './make-verdict.ts';

/** What bounds a run's cost. */
export interface CostBounds {
  /** What the run may spend, in US dollars; null where that was not said. */
  readonly budgetUsd: number | null;
  /** What the task's earlier runs cost: some versions of Claude Code count the whole session again. */
  readonly earlierUsd: number;
}

/** The view with the cost that counts: no more than the run's budget. A claim that can be explained is taken back to that. */
export function boundCost(view: RunView, { budgetUsd, earlierUsd }: CostBounds): RunView {
  const most = budgetUsd ?? limits.maxRunCostUsd;
  const costUsd = Math.min(view.costUsd, most);
  const claimedUsd = view.claimedUsd <= most + earlierUsd ? costUsd : view.claimedUsd;
  return costUsd === view.costUsd && claimedUsd === view.claimedUsd ? view : { ...view, costUsd, claimedUsd };
}

/** What the user should know of a run beside how it ended. */
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

/** What moved in the repository until a run and its checks were through. */
export function listMoved({ exit, evidence }: EndedRun): readonly MovedRef[] {
  return evidence === null || evidence.moved.length === 0 ? (exit?.moved ?? []) : evidence.moved;
}

function usd(amount: number): string {
  return `$${amount.toFixed(2)}`;
}
