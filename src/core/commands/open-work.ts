/** Finds the work of a finished task for the commands that decide on it. */
import { verdictOf, type FinishedTask } from '../../domain/board.ts';
import type { CommandRequest, DiscardCommand, MergeCommand, RestackCommand } from '../../domain/command.ts';
import type { PrCommand } from '../../domain/pull-request.ts';
import { keyOf } from '../../domain/task.ts';
import type { Verdict } from '../../domain/verdict.ts';
import type { Draft } from '../draft.ts';
import { readVerdicts } from '../file-results.ts';
import { findUnfit, workOf } from './offers.ts';
import { refuse } from './settle-command.ts';

/** A verdict whose work is on a branch. */
export type OpenWork = Verdict & { readonly branch: string };

type Request = CommandRequest & { readonly command: MergeCommand | RestackCommand | DiscardCommand | PrCommand };

/** The verdict of a task whose work is open. Null where the command was refused, or the verdict has to be read before. */
export function findOpenWork(draft: Draft, request: Request, task: FinishedTask): OpenWork | null {
  if (task.verdict === undefined) {
    readVerdicts(draft, [task]);
    return null;
  }
  const verdict = verdictOf(task);
  const unfit = findUnfit(request.command.kind, task.file.column, task.id, workOf(verdict, task.review));
  if (verdict?.branch != null && unfit === null) return { ...verdict, branch: verdict.branch };
  refuse(draft, request, unfit?.why ?? noVerdict, unfit?.hint ?? null);
  return null;
}

/** The same, once the verdicts of what it builds on were read as well. */
export function findWorkOnOthers(draft: Draft, request: Request, task: FinishedTask): OpenWork | null {
  const dependsOn = verdictOf(task)?.dependsOn ?? [];
  const finished = [task.id, ...dependsOn].flatMap((id) => draft.board.finished.get(keyOf(id)) ?? []);
  const unread = finished.filter((each) => each.verdict === undefined);
  if (unread.length === 0) return findOpenWork(draft, request, task);
  readVerdicts(draft, unread);
  return null;
}

/** Why nothing can be decided on a task's work where no verdict tells of it. */
export const noVerdict = 'has no verdict that can be read';
