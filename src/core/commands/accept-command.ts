/** Takes in what a task's agent proposes: chooses, names and orders it, and has it laid into the inbox. */
import { findVerdict, type Board, type FinishedTask, type TaskFile } from '../../domain/board.ts';
import type { AcceptCommand, CommandRequest } from '../../domain/command.ts';
import type { Child } from '../../domain/effect.ts';
import type { BoardEvent } from '../../domain/event.ts';
import { nameInPath } from '../../domain/file-place.ts';
import { listProposals, numberName, orderProposals, type OfferedProposal } from '../../domain/proposal.ts';
import { idOfFile, keyOf, type TaskId } from '../../domain/task.ts';
import { makeTaskId } from '../../domain/slug.ts';
import { isPlan, type Verdict } from '../../domain/verdict.ts';
import type { Draft } from '../draft.ts';
import { readVerdicts } from '../file-results.ts';
import { moveTask } from '../move.ts';
import { findUnfit } from './offers.ts';
import { noVerdict } from './open-work.ts';
import { settleStale } from './seen.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type AcceptRequest = CommandRequest & { readonly command: AcceptCommand };

/** Begins to take in, or refuses; has the verdicts of the task and of those that it descends from read before. */
export function carryOutAccept(draft: Draft, request: AcceptRequest, file: TaskFile): void {
  const { id, command } = request;
  const { task } = command;
  const live = draft.task(task);
  const isOwnPlan = live?.state === 'attention' && isPlan(live.verdict);
  // A board that was killed after a plan was queued finds it there.
  const isThere = live?.state === 'queued' && live.past.accepted?.taken.some(({ by }) => by === id) === true;
  if (isThere) {
    settleCommand(draft, request, { kind: 'done', said: 'it is taken in, and waits for its children' });
    return;
  }
  if (settleStale(draft, request, file, null)) return;
  const unfit = findUnfit('accept', file.column, task);
  if (unfit !== null) {
    refuse(draft, request, unfit.why, unfit.hint);
    return;
  }
  const depth = measureDepth(draft, task);
  if (depth === 'unread') return;
  const verdict = findProposing(draft.board, task);
  if (verdict === null) {
    refuse(draft, request, noVerdict, null);
    return;
  }
  const all = listProposals(verdict);
  const chosen = choose(all, request);
  if (typeof chosen === 'string') {
    refuse(draft, request, chosen, `To see what it proposes: branchboard show ${task}`);
    return;
  }
  if (depth >= draft.board.settings.maxDepth) {
    const hint = 'Write the tasks that you want of it yourself: branchboard add "what to do"';
    refuse(draft, request, `descends from ${String(depth)} others, and may have no more children`, hint);
    return;
  }
  const children = makeChildren(draft.board, all, chosen, command.said);
  const known = new Set<string>([
    ...draft.board.live.keys(),
    ...draft.board.finished.keys(),
    ...children.map((child) => keyOf(child.id)),
  ]);
  for (const child of children) {
    const missing = child.dependsOn.find((on) => !known.has(keyOf(on)) || (isOwnPlan && keyOf(on) === keyOf(task)));
    if (missing === undefined) continue;
    const hint = `Leave it out: branchboard accept ${task} --without ${child.proposal.name}`;
    refuse(draft, request, `was not taken in: ${child.proposal.name} waits for ${missing}, which it can’t`, hint);
    return;
  }
  const fresh = children.filter(({ proposal }) => proposal.taken === null);
  const taken = [...verdict.taken, ...fresh.map(({ id: child, proposal: { name } }) => ({ name, id: child, by: id }))];
  putCommand(draft, id, { stage: 'under-way', request });
  draft.emit({
    type: 'accept-for-command',
    id,
    task,
    file,
    isPlan: isOwnPlan,
    verdict: { ...verdict, taken },
    children,
  });
}

/** Settles the command: the new tasks are in the inbox, from where they are taken in as any file. */
export function handleCommandAccepted(
  draft: Draft,
  { id, verdict, children, laid, file }: BoardEvent & { readonly type: 'command-accepted' },
): void {
  const request = findUnderWay(draft, id);
  if (request?.command.kind !== 'accept') return;
  const { task } = request.command;
  const live = draft.task(task);
  const finished = draft.board.finished.get(keyOf(task));
  if (live?.state === 'attention') draft.putTask({ ...live, verdict });
  else if (live === undefined && finished !== undefined) draft.putFinished({ ...finished, verdict });
  const there = children.filter((child) => !laid.includes(child));
  const said = `taken in: ${children.join(', ')}${there.length === 0 ? '' : ` (there already: ${there.join(', ')})`}`;
  settleCommand(draft, request, { kind: 'done', said });
  if (file === null) return;
  draft.journal({ type: 'task-settled', task, column: file.column, detail: 'waits for its tasks' });
  moveTask(draft, task, file);
}

function findProposing(board: Board, id: TaskId): Verdict | null {
  const task = board.live.get(keyOf(id));
  if (task === undefined) return findVerdict(board, id);
  return task.state === 'attention' ? task.verdict : null;
}

/** How many tasks one descends from, at most as many as it may; `unread` where a verdict on the way is being read. */
function measureDepth(draft: Draft, task: TaskId): number | 'unread' {
  for (let [id, depth] = [task, 0]; ; depth++) {
    const finished: FinishedTask | undefined = draft.board.finished.get(keyOf(id));
    const live = draft.task(id);
    if (live === undefined && finished !== undefined && finished.verdict === undefined) {
      readVerdicts(draft, [finished]);
      return 'unread';
    }
    const parent: TaskId | null =
      live === undefined ? (findVerdict(draft.board, id)?.parent ?? null) : (live.spec.parent ?? null);
    if (parent === null || depth === draft.board.settings.maxDepth) return depth;
    id = parent;
  }
}

/** Those that are meant, in their order; or why there are none, in words that follow the task's id. */
function choose(all: readonly OfferedProposal[], { id, command }: AcceptRequest): readonly OfferedProposal[] | string {
  const words = [...command.only, ...command.without, ...command.said.map(({ name }) => name)];
  const unknown = words.find((word) => !all.some((each) => isNamed(each, [word])));
  if (unknown !== undefined) return `proposes no ${JSON.stringify(unknown)}`;
  if (all.length === 0) return 'proposes nothing';
  const meant = all.filter((each) => command.only.length === 0 || isNamed(each, command.only));
  const kept = meant.filter((each) => !isNamed(each, command.without));
  const chosen = kept.filter(({ taken }) => taken === null || taken.by === id);
  const unheard = command.said.find(({ name }) => !chosen.some((each) => isNamed(each, [name])));
  if (unheard !== undefined) return `has nothing to tell ${unheard.name}, which is not taken in now`;
  if (chosen.length > 0) return chosen;
  return kept.length === 0 ? 'was left with nothing to take in' : 'proposes nothing that was not taken in already';
}

/** Its text, with what the user adds. */
function addSaid(proposal: OfferedProposal, said: AcceptCommand['said']): string {
  const own = said.filter(({ name }) => isNamed(proposal, [name])).map(({ text }) => text);
  return own.length === 0 ? proposal.body : `${proposal.body.trim()}\n\n## What the user adds\n\n${own.join('\n\n')}`;
}

function isNamed({ name, number }: OfferedProposal, words: readonly string[]): boolean {
  return words.some((word) => word === String(number) || word.toLowerCase() === name.toLowerCase());
}

/** Each under a free id, unless a board that was killed meanwhile had chosen it. */
function makeChildren(
  board: Board,
  all: readonly OfferedProposal[],
  chosen: readonly OfferedProposal[],
  said: AcceptCommand['said'],
): readonly (Child & { readonly proposal: OfferedProposal })[] {
  const used = new Set<string>([...board.live.keys(), ...board.finished.keys()]);
  for (const path of board.inbox.keys()) used.add((idOfFile(nameInPath(path)) ?? '').toLowerCase());
  const ids = new Map<string, TaskId>();
  for (const { name, taken } of all) if (taken !== null) ids.set(name.toLowerCase(), taken.id);
  for (const { name } of chosen) {
    const id = ids.get(name.toLowerCase()) ?? makeTaskId(numberName(name, (each) => used.has(each.toLowerCase())));
    used.add(keyOf(id));
    ids.set(name.toLowerCase(), id);
  }
  const waits = orderProposals(all, chosen);
  const idOf = (name: string) => ids.get(name.toLowerCase()) ?? makeTaskId(name);
  return chosen.map((proposal) => ({
    id: idOf(proposal.name),
    proposal: { ...proposal, body: addSaid(proposal, said) },
    dependsOn: (waits.get(proposal) ?? []).map(idOf),
  }));
}
