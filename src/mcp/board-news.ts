/** Tells in lines which tasks of a board came, went or stand elsewhere since somebody looked at it. */
import type { BoardData, TaskData } from '../views/board-data.ts';

/** The lines, for `wait_for_change`. */
export function listNews(before: BoardData, after: BoardData): readonly string[] {
  const earlier = new Map(before.tasks.map((task) => [task.id, task]));
  const later = new Set(after.tasks.map(({ id }) => id));
  const changed = after.tasks.flatMap((task) => {
    const known = earlier.get(task.id);
    const [was, is] = [known === undefined ? null : describe(known), describe(task)];
    if (was === is) return [];
    return [`${task.id}: ${was === null ? 'new, ' : `${was} → `}${is}`];
  });
  const gone = before.tasks.flatMap(({ id }) => (later.has(id) ? [] : [`${id}: not listed any more`]));
  const [paused, isPaused] = [before, after].map((board) => board.paused?.reason ?? null);
  const board =
    paused === isPaused
      ? []
      : [isPaused == null ? 'The board starts tasks again.' : `The board is paused: ${isPaused}.`];
  return [...board, ...changed, ...gone];
}

function describe({ column, stage, reason, question, commits, mergedAt, review }: TaskData): string {
  const facts = [
    column,
    stage,
    reason,
    question === null ? null : `asks: ${question}`,
    commits === 0 ? null : `commits: ${String(commits)}`,
    review === null ? null : review.state,
    mergedAt === null ? null : 'merged',
  ];
  return [...new Set(facts.filter((fact) => fact !== null))].join(', ');
}
