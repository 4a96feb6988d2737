/**
 * Prints the dashboard: the model becomes a markdown tree, remark prints it, and the user's notes are put below as they
 * are. All that others wrote goes through `safe-text`, so that it can't become a heading, a link, HTML or a box.
 */
import type { ListItem, PhrasingContent, Root, RootContent } from 'mdast';

import { formatDuration, formatUsd } from '../domain/amounts.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import {
  label,
  renderActive,
  renderAttention,
  renderOmitted,
  renderOutcome,
  renderPending,
  renderReady,
  title,
} from './dashboard-entries.ts';
import type { DashboardHead, DashboardModel, Listed } from './dashboard-model.ts';
import { heading, item, list, paragraph, row, separator } from './markdown-nodes.ts';
import { printMarkdown } from './printer.ts';
import { code, joinTexts, plain, prose } from './safe-text.ts';
import { replaceNotes } from './user-zones.ts';

/** Prints the model as markdown, the user's notes at its end byte for byte. */
export function renderDashboard(model: DashboardModel, notes: string): string {
  const tree: Root = {
    type: 'root',
    children: [
      heading(1, [plain('branchboard: '), ...prose(model.head.repo)]),
      ...renderHead(model.head),
      ...renderQuickStatus(model),
      ...renderNeedsYou(model),
      ...renderListSection('Ticked Boxes', { rows: model.boxOutcomes, omitted: 0 }, false, (outcome) =>
        renderOutcome({ ...outcome, label: `\`${outcome.id}\`, ${outcome.label}` }),
      ),
      ...renderListSection('Warnings', model.taskWarnings, false, (entry) =>
        item([...label(entry), plain(': '), ...remark(entry.warning)]),
      ),
      ...renderReviews(model),
      ...model.active.rows.flatMap(renderActive),
      ...renderOmitted(model.active.omitted),
      ...renderListSection('Pending Queue', model.pending, true, renderPending),
      ...renderListSection('Completed Today', model.completedToday, false, (entry) => {
        const facts = [entry.how, formatDuration(entry.workedMs), formatUsd(entry.costUsd)];
        const names = [code(entry.id), ...prose(`, ${entry.agent})${separator}${facts.join(separator)}`)];
        return item([...title(entry), plain(' ('), ...names], true);
      }),
    ],
  };
  return replaceNotes(`${printMarkdown(tree)}\n`, notes);
}

function formatStatus({ status }: DashboardHead): string {
  switch (status.kind) {
    case 'running':
      return 'Running';
    case 'paused':
      return `Paused: ${status.reason}${status.until === null ? '' : `, until ${status.until}`}`;
    case 'stopped':
      return `Stopped${status.fault === null ? '' : ` by a fault: ${status.fault}`}`;
  }
}

function renderHead(head: DashboardHead): RootContent[] {
  const facts = [
    formatStatus(head),
    `${String(head.needYou)} need you`,
    `${String(head.toReview)} to review`,
    `${String(head.slotsUsed)} of ${String(head.slotsTotal)} at work`,
    `${String(head.waiting)} waiting`,
    `${formatUsd(head.costTodayUsd)} spent today`,
    `updated ${head.updated}`,
  ];
  const line = paragraph([{ type: 'emphasis', children: joinTexts(prose(facts.join(separator))) }]);
  const banner = head.banner === null ? [] : [paragraph(prose(head.banner))];
  const shown = head.settingsProblems.slice(0, limits.maxDashboardRows);
  const warnings = [
    ...head.warnings.map((warning) => item(prose(warning))),
    ...shown.map((problem) => item(diagnosis(problem))),
  ];
  return [line, ...banner, ...list(warnings)];
}

function renderQuickStatus({ quickStatus: tasks, isNew }: DashboardModel): RootContent[] {
  const head = heading(2, [plain('Quick Status')]);
  if (tasks.rows.length === 0 && tasks.omitted === 0) {
    const state = isNew ? 'No tasks yet' : 'Nothing is under way, and nothing waits for you';
    return [head, paragraph(prose(`${state}: drop a markdown file into \`.orchestrator/inbox/\``))];
  }
  const titles = row(['Task', 'Agent', 'Status', 'Progress'].map((name) => [plain(name)]));
  const rows = tasks.rows.map((task) =>
    row([label(task), prose(task.agent), [plain(task.status)], prose(task.progress)]),
  );
  return [head, { type: 'table', children: [titles, ...rows] }, ...renderOmitted(tasks.omitted)];
}

const howToSettle =
  'Type what a task is to be told, tick a box, and save this file. Or type `branchboard retry ID`, `branchboard retry ID -m "what to do differently"`, `branchboard answer ID "your answer"`, `branchboard cancel ID`.';

function renderNeedsYou({ inboxProblems, needsYou, strayNotes }: DashboardModel): RootContent[] {
  const notes = strayNotes.rows.map((text) => item(prose(text)));
  const entries = [
    ...(needsYou.rows.some(({ boxes }) => boxes.length > 0) ? [paragraph(prose(howToSettle))] : []),
    ...renderProblems(
      'Files that can’t be accepted',
      inboxProblems.rows.map(diagnosis).map((text) => item(text)),
    ),
    ...renderOmitted(inboxProblems.omitted),
    ...renderProblems('Notes that reach nobody', notes),
    ...renderOmitted(strayNotes.omitted),
    ...needsYou.rows.flatMap(renderAttention),
    ...renderOmitted(needsYou.omitted),
  ];
  return entries.length === 0 ? [] : [heading(2, [plain('Needs You')]), ...entries];
}

function renderProblems(name: string, items: readonly ListItem[]): RootContent[] {
  return items.length === 0 ? [] : [heading(3, [plain(name)]), ...list(items)];
}

function renderReviews({ ready }: DashboardModel): RootContent[] {
  const entries = [...ready.rows.flatMap(renderReady), ...renderOmitted(ready.omitted)];
  if (entries.length === 0) return [];
  const isUnchecked = ready.rows.some(({ work, verify }) => work.kind === 'branch' && verify === 'none');
  const unchecked = isUnchecked
    ? ' Work that does not say `checks passed` was not checked: name commands under `verify` in config.yaml.'
    : '';
  const ways =
    'Send one back: type behind its box what is wrong, tick it, and save this file; or comment on its diff: `branchboard review ID`. Put one away: `mv .orchestrator/done/ID.md .orchestrator/archive/`.';
  return [heading(2, [plain('Ready for Review')]), paragraph(prose(`${ways}${unchecked}`)), ...entries];
}

function renderListSection<Row>(
  name: string,
  listed: Listed<Row>,
  ordered: boolean,
  renderRow: (row: Row) => ListItem,
): RootContent[] {
  const all = [...list(listed.rows.map(renderRow), ordered), ...renderOmitted(listed.omitted)];
  return all.length === 0 ? [] : [heading(2, [plain(name)]), ...all];
}

function diagnosis(diagnostic: Diagnostic): PhrasingContent[] {
  const { file, line, column } = diagnostic;
  return [code(joinPlace([file, line, column])), plain(': '), ...explain(diagnostic)];
}

/** A message about a file, beside its task's name: without the path, since the file moves from folder to folder. */
function remark(diagnostic: Diagnostic): PhrasingContent[] {
  const { line, column } = diagnostic;
  return [...(line === undefined ? [] : [code(joinPlace([line, column])), plain(': ')]), ...explain(diagnostic)];
}

function joinPlace(parts: readonly (string | number | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(':');
}

function explain({ message, expected, hint }: Diagnostic): PhrasingContent[] {
  const text = [message, ...(expected === undefined ? [] : [`expected ${expected}`])].join('; ');
  return [...prose(text), ...(hint === undefined ? [] : [plain('. '), ...prose(hint)])];
}
