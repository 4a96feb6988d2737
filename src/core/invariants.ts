/** Invariants of every board that the reducer makes: the simulator checks them after each step. */
import type { ActiveTask, Board, Task } from '../domain/board.ts';
import { isAuthors } from '../domain/run-purpose.ts';
import { fileNameOf, keyOf } from '../domain/task.ts';
import { sumSpending } from './spending.ts';

/**
 * The broken invariants of a board, a sentence each; empty for a sound one. Slots count where runs start, not here:
 * settings change.
 */
export function checkBoard(board: Board): readonly string[] {
  const problems: string[] = [];
  for (const [key, task] of board.live) {
    if (keyOf(task.id) !== key) problems.push(`${task.id} is kept under the key ${key}`);
    if (board.finished.has(key)) problems.push(`${task.id} is live and finished at once`);
    problems.push(...checkTask(task));
  }
  for (const [key, task] of board.finished) {
    if (keyOf(task.id) !== key) problems.push(`${task.id} is kept under the key ${key}`);
    const { column } = task.file;
    if (column !== 'done' && column !== 'archive')
      problems.push(`${task.id} is finished, but its file is in ${column}/`);
  }
  if (sumSpending(board.spending) < 0) problems.push('less than nothing was spent');
  if (board.hold !== null && board.hold.strikes < 1) problems.push('the board is held without a strike');
  return problems;
}

function checkTask(task: Task): readonly string[] {
  const { id, spec, file, past } = task;
  const problems: string[] = [];
  if (keyOf(spec.id) !== keyOf(id)) problems.push(`${id} holds the text of ${spec.id}`);
  // The archive numbers namesakes.
  if (file.column !== 'archive' && file.name.toLowerCase() !== fileNameOf(id).toLowerCase()) {
    problems.push(`${id} holds the file ${file.name}`);
  }
  if (past.lastPlan !== null && past.lastPlan.n > past.runs) problems.push(`${id} forgot its run ${past.lastPlan.n}`);
  switch (task.state) {
    case 'queued':
      if (file.column !== 'queued') problems.push(`${id} is queued, but its file is in ${file.column}/`);
      if (task.next.attempt < 1 || task.next.freeRestarts < 0) problems.push(`${id} counts its attempts wrongly`);
      break;
    case 'attention':
      if (file.column !== 'attention') problems.push(`${id} needs attention, but its file is in ${file.column}/`);
      break;
    case 'settling': {
      const { settlement, failures, retryAt } = task;
      if (failures === 0 && retryAt !== null) problems.push(`${id} tries again what never failed`);
      if (settlement.to === 'verdict' && settlement.verdict.column === 'done' && settlement.verdict.fault !== null) {
        problems.push(`${id} is done with a fault`);
      }
      break;
    }
    case 'active':
      problems.push(...checkPhase(task));
  }
  return problems;
}

function checkPhase({ id, phase, wish, past, file }: ActiveTask): readonly string[] {
  switch (phase.name) {
    case 'planning':
      return phase.next.attempt < 1 ? [`${id} plans attempt ${phase.next.attempt}`] : [];
    case 'preparing':
    case 'running':
    case 'inspecting': {
      const problems: string[] = [];
      if (keyOf(phase.plan.task) !== keyOf(id)) problems.push(`${id} runs a plan of ${phase.plan.task}`);
      if (isAuthors(phase.plan) && past.lastPlan?.n !== phase.plan.n)
        problems.push(`${id} is ${phase.name} run ${phase.plan.n}, which is not its last`);
      if (phase.name !== 'preparing' && wish === null && file.column !== 'active') {
        problems.push(`${id} is ${phase.name} with its file in ${file.column}/, and nobody asked for that`);
      }
      if (phase.name === 'running' && phase.lastOutputAt < 0) problems.push(`${id} spoke before time began`);
      return problems;
    }
  }
}
