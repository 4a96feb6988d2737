/** Makes the dashboard's entries for what needs its user. */
import { listOpenQuestions } from '../core/commands/answer-command.ts';
import type { AttentionTask, Board, FinishedTask, Task } from '../domain/board.ts';
import type { Fault } from '../domain/run.ts';
import { explainUnreadable, isUnreadable } from '../domain/task-facts.ts';
import { formatCommand, keyOf, type TaskId } from '../domain/task.ts';
import { describeDoubts, isPlan, type Verdict } from '../domain/verdict.ts';
import { listProposals, orderProposals } from '../domain/proposal.ts';
import { findNearest } from '../markdown/fields.ts';
import type { AttentionEntry, BoxOutcome, Plan, StatusRow } from '../markdown/dashboard-model.ts';
import { describeMoved } from '../markdown/moved-refs-text.ts';
import { nameReason } from '../domain/reason-words.ts';
import { viewBoxes, viewQuestionBoxes } from './box-view.ts';
import { labelOf } from './pending-view.ts';

/** What others wait for comes first, then what waits longest. */
export function sortByWeight(board: Board, tasks: readonly AttentionTask[]): readonly AttentionTask[] {
  const weights = new Map(tasks.map(({ id }) => [id, countWaiting(board, id)]));
  const weightOf = ({ id }: AttentionTask) => weights.get(id) ?? 0;
  return tasks.toSorted((a, b) => weightOf(b) - weightOf(a) || a.verdict.at - b.verdict.at);
}

/** Live tasks that depend on one, or on one of several without being of them. */
function countWaiting({ live }: Board, ...ids: readonly TaskId[]): number {
  const keys = new Set(ids.map(keyOf));
  return [...live.values()].filter(({ id, spec }) => {
    const isOne = keys.size > 1 && keys.has(keyOf(id));
    return !isOne && spec.dependsOn.some((on) => keys.has(keyOf(on)));
  }).length;
}

/** Lines of the user's notes for a task that is not there, each in a sentence. */
export function viewStrayNotes(board: Board, addresses: readonly string[]): readonly string[] {
  const known = [...board.live.values(), ...board.finished.values()].map(({ id }) => id as string);
  const strays = addresses.filter((name) => !known.some((id) => id.toLowerCase() === name.toLowerCase()));
  return strays.map((name) => {
    const hint = known.length === 0 ? 'It goes to no task.' : `The nearest is \`@${findNearest(name, known)}:\`.`;
    return `User Notes have a line for \`@${name}:\`, and there is no such task. ${hint}`;
  });
}

/** Its row in Quick Status. */
export function viewAttentionRow(task: AttentionTask): StatusRow {
  return { ...labelOf(task), agent: task.spec.agent, status: 'ATTENTION', progress: headlineOf(task.verdict) };
}

function headlineOf(verdict: Verdict): string {
  const { fault, attempts } = verdict;
  if (isPlan(verdict)) return verdict.taken.length === 0 ? 'has a plan' : 'put aside; its plan was taken in';
  if (fault === null) return 'waits for you';
  const words = nameReason(fault.reason);
  switch (fault.reason) {
    case 'question':
      return 'has a question';
    case 'stopped':
      return 'put aside';
    case 'taken':
      return 'taken over by you';
    case 'dependency-cycle':
    case 'dependency-conflict':
      return words;
    default:
      return `failed${attempts < 2 ? '' : attempts === 2 ? ' twice' : ` ${String(attempts)} times`}: ${words}`;
  }
}

/** Their entries under Needs You: one for each, and one for all that wait for each other. */
export function viewAttentions(
  tasks: readonly AttentionTask[],
  board: Board,
  tell: (id: TaskId) => readonly BoxOutcome[],
): readonly AttentionEntry[] {
  const cycles = new Map<string, AttentionTask[]>();
  for (const task of tasks) {
    const cycle = cycleOf(task);
    if (cycle !== null) cycles.set(cycle, [...(cycles.get(cycle) ?? []), task]);
  }
  return tasks.flatMap((task) => {
    const all = cycles.get(cycleOf(task) ?? '') ?? [];
    const entry = { ...viewAttention(task, board), outcomes: tell(task.id) };
    if (all.length < 2) return [entry];
    return all[0] === task ? [viewCycle(entry, all, board, tell)] : [];
  });
}

/** What tasks that wait for each other have in common: the same fault, which names them all. */
function cycleOf({ verdict: { fault } }: AttentionTask): string | null {
  return fault?.reason === 'dependency-cycle' ? fault.detail : null;
}

function viewCycle(
  entry: AttentionEntry,
  tasks: readonly AttentionTask[],
  board: Board,
  tell: (id: TaskId) => readonly BoxOutcome[],
): AttentionEntry {
  return {
    ...entry,
    ...{ headline: 'they wait for each other', links: [], boxes: [], outcomes: [] },
    waitedForBy: countWaiting(board, ...tasks.map(({ id }) => id)),
    members: tasks.map((task) => {
      const { id, title, links, boxes } = viewAttention(task, board);
      return { id, title, links, boxes, outcomes: tell(task.id) };
    }),
  };
}

/** Its entry under Needs You. */
function viewAttention(task: AttentionTask, board: Board): AttentionEntry {
  const { verdict, id } = task;
  const { question, fault, run } = verdict;
  const [detail, output] = cutOutput(question === null ? fault : null);
  return {
    ...labelOf(task),
    headline: headlineOf(verdict),
    ...{ detail, output, question },
    branch: verdict.branch,
    links: [
      { words: 'file and story', path: `attention/${task.file.name}` },
      ...(run === null ? [] : [{ words: 'log', path: `runs/${id}/${String(run)}/stream.jsonl` }]),
    ],
    waitedForBy: countWaiting(board, id),
    warnings: listDoubts(verdict),
    boxes: viewBoxes(board, id),
    takenIn: describeTaken(verdict),
    plan: isPlan(verdict) ? viewPlan(verdict) : null,
    outcomes: [],
    members: [],
    commands: [
      ...(fault?.reason === 'taken' ? [`branchboard take ${id}`, `branchboard hand-back ${id}`] : []),
      ...(run === null ? [] : [`branchboard logs ${id}`]),
      ...(verdict.branch === null ? [] : [`branchboard diff ${id}`]),
      ...(fault?.reason === 'uncommitted' && verdict.worktree !== null
        ? [`git -C ${formatCommand([verdict.worktree])} status`]
        : []),
    ],
  };
}

/** The entries of what an agent at work waits for, each question in one of its own. */
export function viewQuestions(task: Task, board: Board): readonly AttentionEntry[] {
  return listOpenQuestions(board, task.id).map((question) => ({
    ...labelOf(task),
    headline: 'asks while it works',
    ...{
      detail: null,
      output: null,
      question: question.text,
      branch: null,
      links: [],
      warnings: [],
      outcomes: [],
      takenIn: [],
    },
    members: [],
    waitedForBy: countWaiting(board, task.id),
    boxes: viewQuestionBoxes(board, task.id, question),
    commands: [`branchboard logs ${task.id}`],
  }));
}

/** What failed, and what it printed: the latter of a failure that holds the end of an output. */
function cutOutput(fault: Fault | null): readonly [detail: string | null, output: string | null] {
  if (fault === null) return [null, null];
  const [first = '', ...rest] = fault.detail.split('\n');
  const isOutput = rest.length > 0 && first.endsWith(':') && ['verify-failed', 'setup-failed'].includes(fault.reason);
  return isOutput ? [first, rest.join('\n')] : [fault.detail, null];
}

/** A finished task of which nothing is known, since its verdict can't be read. */
export function viewUnreadable({ id, file, verdict }: FinishedTask): readonly AttentionEntry[] {
  if (file.column !== 'done' || verdict === undefined || !isUnreadable(verdict)) return [];
  const { path, what, advice, commands } = explainUnreadable(id, verdict);
  const detail = `${path} ${what}. ${advice}`;
  const headline = 'is done, and its verdict is not known';
  const none = {
    output: null,
    question: null,
    branch: null,
    links: [],
    warnings: [],
    boxes: [],
    outcomes: [],
    members: [],
    takenIn: [],
  };
  return [{ id, title: id, headline, detail, ...none, waitedForBy: 0, commands }];
}

/** The subtasks of a plan with what each waits for, and an arrow for each wait; both by number, since names are others' text. */
function viewPlan(verdict: Verdict): Plan {
  const all = listProposals(verdict);
  const waits = [...orderProposals(all, all)].map(([each, names]) => {
    const on = all.filter(({ name }) => names.some((other) => other.toLowerCase() === name.toLowerCase()));
    const after = names.length === 0 ? [] : [`after ${names.map((name) => `\`${name}\``).join(', ')}`];
    const facts = [
      ...(each.agent === null ? [] : [each.agent]),
      ...after,
      ...each.touches.map((glob) => `\`${glob}\``),
    ];
    const text = `\`${each.name}\`: ${each.title}${facts.length === 0 ? '' : ` (${facts.join(' · ')})`}`;
    return {
      text,
      arrows: on.map((other) => `  t${String(other.number)} --> t${String(each.number)}`),
      node: `  t${String(each.number)}`,
    };
  });
  const graph = ['flowchart LR', ...waits.map(({ node }) => node), ...waits.flatMap(({ arrows }) => arrows)];
  return { subtasks: waits.map(({ text }) => text), graph: graph.join('\n') };
}

/** What of a task's proposals became tasks. */
export function describeTaken(verdict: Verdict): readonly string[] {
  return listProposals(verdict).flatMap(({ title, taken }) =>
    taken === null ? [] : [`\`${taken.id}\` is a task: ${title}`],
  );
}

/** What the user should know of a task's runs beside how they ended. */
export function listDoubts(verdict: Verdict): readonly string[] {
  return [...describeDoubts(verdict), ...verdict.moved.map(describeMoved)];
}
