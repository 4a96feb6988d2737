/**
 * Lets the user into a task's worktree: to look at its work (`open`), or to go on with it (`take`). A task that is taken over
 * waits in `attention/` with a verdict that says so, so that no board starts anything on it. The command's fact stays until
 * that verdict is written: whatever is killed on the way, the next board takes it over to the end.
 *
 *   active     its file is moved ──► its agent ends, its work is kept ──► attention
 *   queued, done     its file is moved ────────────────────────────────► attention
 *   attention        its worktree is there, its verdict written ───────► taken
 */
import { findVerdict, type AttentionTask, type TaskFile } from '../../domain/board.ts';
import type { CommandRequest, TaskCommand } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import { keyOf } from '../../domain/task.ts';
import type { Verdict } from '../../domain/verdict.ts';
import type { Draft } from '../draft.ts';
import { readVerdicts } from '../file-results.ts';
import { findUnfit } from './offers.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type Request<Kind extends TaskCommand['kind']> = CommandRequest & {
  readonly command: TaskCommand & { readonly kind: Kind };
};

/** Begins to make the worktree; that of an agent at work is there already. */
export function carryOutOpen(draft: Draft, request: Request<'open'>, file: TaskFile): void {
  const { id, command } = request;
  const { task } = command;
  const unfit = findUnfit(command.kind, file.column, task);
  if (unfit !== null) refuse(draft, request, unfit.why, unfit.hint);
  else if (draft.task(task)?.state === 'active') {
    settleCommand(draft, request, { kind: 'done', said: 'its agent is at work in its worktree' });
  } else {
    putCommand(draft, id, { stage: 'under-way', request });
    draft.emit({ type: 'open-for-command', id, task, file, verdict: null });
  }
}

/** Takes the next step of taking a task over; waits while its agent is being ended. */
export function carryOutTake(draft: Draft, request: Request<'take'>, file: TaskFile): void {
  const { id, command } = request;
  const { task } = command;
  const unfit = findUnfit(command.kind, file.column, task);
  const live = draft.task(task);
  const finished = draft.board.finished.get(keyOf(task));
  const run = live === undefined ? findVerdict(draft.board, task)?.run : live.past.lastRun;
  const isUntouched = run == null;
  if (unfit !== null) refuse(draft, request, unfit.why, unfit.hint);
  else if (finished !== undefined && finished.verdict === undefined) readVerdicts(draft, [finished]);
  else if (isUntouched && live?.state !== 'active') {
    refuse(
      draft,
      request,
      'has no session yet: no agent was at work on it',
      `To tell it something: branchboard note ${task} TEXT`,
    );
  } else if (live?.state === 'attention') {
    putCommand(draft, id, { stage: 'under-way', request });
    draft.emit({ type: 'open-for-command', id, task, file, verdict: takenOver(live, draft.at) });
  } else if (file.column !== 'attention') {
    putCommand(draft, id, { stage: 'under-way', request });
    draft.emit({ type: 'move-for-command', id, file, to: 'attention', said: null });
  }
}

/** The verdict of a task that waits, once it is its user's; one that is theirs already stays so. */
function takenOver({ verdict, past }: AttentionTask, at: number): Verdict {
  if (verdict.fault?.reason === 'taken') return verdict;
  const asked = verdict.question === null ? '' : ` Its agent had asked: ${verdict.question}`;
  const fault = { reason: 'taken', detail: `You took it over.${asked}` } as const;
  const run = past.lastRun ?? verdict.run;
  return { ...verdict, column: 'attention', at, run, fault, question: null, options: [] };
}

/** The worktree is there. */
export function handleCommandOpened(
  draft: Draft,
  { id, path, verdict }: BoardEvent & { readonly type: 'command-opened' },
): void {
  const request = findUnderWay(draft, id);
  if (request === undefined || !('task' in request.command)) return;
  if (verdict === null) {
    settleCommand(draft, request, { kind: 'done', said: `its worktree is ${path}` });
    return;
  }
  const live = draft.task(request.command.task);
  settleCommand(draft, request, { kind: 'done', said: 'it is in your hands: → attention/' });
  if (live?.state !== 'attention') return;
  draft.putTask({ ...live, verdict });
  draft.emit({ type: 'tell-story', task: live.id, file: live.file, verdict, isMerged: false });
}
