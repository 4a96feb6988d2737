/**
 * Prints the dashboard: the model becomes a markdown tree, remark prints it, and the user's notes are put below as they
 * are. All that others wrote goes through `safe-text`, so that it can't become a heading, a link, HTML or a box.
 */
import type { BlockContent, List, ListItem, Paragraph, PhrasingContent, Root, RootContent, TableRow } from 'mdast';

import type { Box } from '../domain/command.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import type {
  ActiveEntry,
  AttentionEntry,
  DashboardHead,
  DashboardModel,
  Listed,
  ReadyEntry,
  TaskLabel,
} from './dashboard-model.ts';
import { countOf, formatDiffstat, formatDuration, formatUsd } from '../domain/amounts.ts';
import { renderBox } from './boxes.ts';
import { printMarkdown } from './printer.ts';
import { cleanLines, code, joinTexts, plain, prose } from './safe-text.ts';
import { replaceNotes } from './user-zones.ts';

const separator = ' · ';
/** Room for two object ids, two names and a command. */
const maxWarningChars = 1_000;

/** Prints the model as markdown, the user's notes at its end byte for byte. */
export function renderDashboard(model: DashboardModel, notes: string): string {
  const tree: Root = {
    type: 'root',
    children: [
      heading(1, [plain('Orchestrator Dashboard')]),
      ...renderHead(model.head),
      ...renderQuickStatus(model),
      ...renderNeedsYou(model),
      ...renderListSection(
        'Ticked Boxes',
        { rows: model.boxOutcomes, omitted: 0 },
        false,
        ({ time, label, id, said }) => item([...prose(`${time} ${label} (`), code(id), plain('): '), ...prose(said)]),
      ),
      ...renderListSection('Warnings', model.taskWarnings, false, (entry) =>
        item([...label(entry), plain(': '), ...remark(entry.warning)]),
      ),
      ...renderSection('Ready for Review', model.ready, renderReady),
      ...renderActive(model.active),
      ...renderListSection('Pending Queue', model.pending, true, (entry) =>
        withBoxes(item([...label(entry), plain(': '), ...prose(entry.why)]), entry.boxes),
      ),
      ...renderListSection('Completed Today', model.completedToday, false, (entry) => {
        const facts = [entry.how, formatDuration(entry.workedMs), formatUsd(entry.costUsd)];
        const names = [code(entry.id), ...prose(`, ${entry.agent})${separator}${facts.join(separator)}`)];
        return item([...title(entry), plain(' ('), ...names], true);
      }),
    ],
  };
  return replaceNotes(`${printMarkdown(tree)}\n`, notes);
}

function formatStatus(head: DashboardHead): string {
  const { status } = head;
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
    `${String(head.slotsUsed)} of ${String(head.slotsTotal)} slots`,
    `${String(head.waiting)} waiting`,
    `${formatUsd(head.costTodayUsd)} today`,
    `updated ${head.updated}`,
  ];
  const line = paragraph([{ type: 'emphasis', children: joinTexts(prose(facts.join(separator))) }]);
  const banner = head.banner === null ? [] : [paragraph(prose(head.banner))];
  const shown = head.settingsProblems.slice(0, limits.maxDashboardRows);
  const warnings = [
    ...head.warnings.map((warning) => item(prose(warning))),
    ...shown.map((problem) => item(diagnosis(problem))),
  ];
  return [line, ...banner, ...(warnings.length === 0 ? [] : [list(warnings)])];
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

function renderNeedsYou({ inboxProblems, needsYou }: DashboardModel): RootContent[] {
  const problems = inboxProblems.rows.map((problem) => item(diagnosis(problem)));
  const inbox: RootContent[] =
    problems.length === 0
      ? []
      : [
          heading(3, [plain('Files in the inbox that can’t be accepted')]),
          list(problems),
          ...renderOmitted(inboxProblems.omitted),
        ];
  const entries = [...inbox, ...needsYou.rows.flatMap(renderAttention), ...renderOmitted(needsYou.omitted)];
  return entries.length === 0 ? [] : [heading(2, [plain('Needs You')]), ...entries];
}

function renderAttention(entry: AttentionEntry): RootContent[] {
  const steps = [...entry.boxes.map(renderBox), ...entry.commands.map((command) => item([code(command)]))];
  const facts: PhrasingContent[][] = [];
  if (entry.branch !== null) facts.push([plain('Branch '), code(entry.branch)]);
  if (entry.log !== null) facts.push([plain('Log '), code(entry.log)]);
  return [
    heading(3, [...label(entry), plain(': '), ...prose(entry.headline)]),
    ...quote(entry.question),
    ...quote(entry.detail),
    ...renderWarnings(entry.warnings),
    ...(facts.length === 0 ? [] : [paragraph(intersperse(facts))]),
    ...(steps.length === 0 ? [] : [list(steps)]),
  ];
}

function renderWarnings(warnings: readonly string[]): RootContent[] {
  const shown = warnings.slice(0, limits.maxDashboardRows).map((text) => item(prose(text, maxWarningChars)));
  return warnings.length === 0 ? [] : [list(shown), ...renderOmitted(warnings.length - shown.length)];
}

function renderReady(entry: ReadyEntry): RootContent[] {
  const { work } = entry;
  const facts: PhrasingContent[][] = [];
  if (work.kind === 'branch') {
    facts.push([plain('Branch '), code(work.branch), plain(' for '), code(work.baseBranch)]);
    facts.push([plain(countOf(work.commits, 'commit'))]);
    if (work.diffstat !== null) facts.push([plain(formatDiffstat(work.diffstat))]);
    facts.push([plain(entry.verify === 'passed' ? 'verify passed' : 'no verify command')]);
  } else if (work.kind === 'report') facts.push([plain('Report '), linkToReport(work.path)]);
  else facts.push([plain('Nothing to do, says the agent')]);
  facts.push([plain(formatDuration(entry.workedMs))], [plain(formatUsd(entry.costUsd))]);
  const followUps = entry.followUps.slice(0, limits.maxFollowUps).map((text) => item(prose(text)));
  return [
    heading(3, label(entry)),
    paragraph(intersperse(facts)),
    ...renderWarnings(entry.warnings),
    ...quote(entry.summary),
    ...renderWhatRuns(entry.changesWhatRuns),
    ...(entry.review === null ? [] : [paragraph([plain('Review: '), code(entry.review)])]),
    ...(followUps.length === 0 ? [] : [paragraph([plain('It suggests:')]), list(followUps)]),
  ];
}

function renderWhatRuns(paths: readonly string[]): RootContent[] {
  if (paths.length === 0) return [];
  return [
    paragraph([
      strong('Changes what runs'),
      plain(': '),
      ...intersperse(
        paths.map((path) => [code(path)]),
        ', ',
      ),
    ]),
  ];
}

function renderActive(active: Listed<ActiveEntry>): RootContent[] {
  const entries = active.rows.flatMap((entry) => [
    heading(2, [plain('Active: '), ...label(entry)]),
    paragraph(lines(describeActive(entry))),
  ]);
  return [...entries, ...renderOmitted(active.omitted)];
}

function describeActive(entry: ActiveEntry): PhrasingContent[][] {
  const facts: PhrasingContent[][] = [
    [strong('Agent'), plain(': '), ...prose(entry.agent)],
    [plain(`attempt ${String(entry.attempt)}`)],
  ];
  if (entry.session !== null) facts.push([plain('session '), code(`${entry.session}…`)]);
  if (entry.started !== null) facts.push([strong('Started'), ...prose(`: ${entry.started}`)]);
  if (entry.branch !== null) {
    const below = entry.onBranches.slice(0, limits.maxDashboardRows).map((branch) => [code(branch)]);
    const on = below.length === 0 ? [] : [plain(' (on '), ...intersperse(below, ', '), plain(')')];
    facts.push([strong('Branch'), plain(': '), code(entry.branch), ...on]);
  }
  const { step } = entry;
  const described = [intersperse(facts)];
  if (step !== null) {
    const count = plain(` (${String(step.done)}/${String(step.total)})`);
    described.push([strong('Current step'), plain(': '), ...prose(step.text), count]);
  }
  if (entry.note !== null) described.push([strong('Now'), plain(': '), ...prose(entry.note)]);
  described.push(...entry.warnings.map(warning));
  if (entry.recentOutput !== null) {
    described.push([strong('Recent output'), plain(': "'), ...prose(entry.recentOutput), plain('"')]);
  }
  if (entry.granted.length > 0) {
    const rights = entry.granted.slice(0, limits.maxDashboardRows).map((right) => [code(right)]);
    described.push([strong('Granted'), plain(': '), ...intersperse(rights, ', ')]);
  }
  described.push([strong('Follow it'), plain(': '), code(entry.follow)]);
  return described;
}

function warning(text: string): PhrasingContent[] {
  return [strong('Warning'), plain(': '), ...prose(text)];
}

function renderSection<Row>(name: string, listed: Listed<Row>, renderRow: (row: Row) => RootContent[]): RootContent[] {
  const entries = [...listed.rows.flatMap(renderRow), ...renderOmitted(listed.omitted)];
  return entries.length === 0 ? [] : [heading(2, [plain(name)]), ...entries];
}

function renderListSection<Row>(
  name: string,
  listed: Listed<Row>,
  ordered: boolean,
  renderRow: (row: Row) => ListItem,
): RootContent[] {
  const entries = listed.rows.length === 0 ? [] : [list(listed.rows.map(renderRow), ordered)];
  const all = [...entries, ...renderOmitted(listed.omitted)];
  return all.length === 0 ? [] : [heading(2, [plain(name)]), ...all];
}

function renderOmitted(omitted: number): Paragraph[] {
  return omitted === 0 ? [] : [paragraph(prose(`… and ${String(omitted)} more: \`branchboard status\``))];
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

/** A link only where the path is as plain as those that the board makes. */
function linkToReport(path: string): PhrasingContent {
  const isPlain = /^[\w][\w./-]*$/.test(path) && !path.includes('..');
  return isPlain ? { type: 'link', url: path, children: [plain('report.md')] } : code(path);
}

function quote(text: string | null): RootContent[] {
  const paragraphs: PhrasingContent[][][] = [[]];
  for (const line of text === null ? [] : cleanLines(text)) {
    if (line === '') paragraphs.push([]);
    else paragraphs.at(-1)?.push(prose(line));
  }
  const children = paragraphs.filter((block) => block.length > 0).map((block) => paragraph(lines(block)));
  return children.length === 0 ? [] : [{ type: 'blockquote', children }];
}

function title(task: TaskLabel): PhrasingContent[] {
  return prose(task.title, limits.maxTitleChars);
}

/** Title and id, as every entry begins. */
function label(task: TaskLabel): PhrasingContent[] {
  return [...title(task), plain(' ('), code(task.id), plain(')')];
}

function intersperse(parts: readonly PhrasingContent[][], between = separator): PhrasingContent[] {
  return parts.flatMap((part, i) => (i === 0 ? part : [plain(between), ...part]));
}

function lines(parts: readonly PhrasingContent[][]): PhrasingContent[] {
  return intersperse(parts, '\n');
}

function heading(depth: 1 | 2 | 3, children: PhrasingContent[]): RootContent {
  return { type: 'heading', depth, children: joinTexts(children) };
}

function paragraph(children: PhrasingContent[]): Paragraph {
  return { type: 'paragraph', children: joinTexts(children) };
}

function strong(text: string): PhrasingContent {
  return { type: 'strong', children: [plain(text)] };
}

function row(cells: readonly PhrasingContent[][]): TableRow {
  return { type: 'tableRow', children: cells.map((cell) => ({ type: 'tableCell', children: joinTexts(cell) })) };
}

function item(children: PhrasingContent[], checked?: boolean): ListItem {
  const content: BlockContent[] = [paragraph(children)];
  return { type: 'listItem', spread: false, children: content, ...(checked === undefined ? {} : { checked }) };
}

function withBoxes(entry: ListItem, boxes: readonly Box[]): ListItem {
  return boxes.length === 0 ? entry : { ...entry, children: [...entry.children, list(boxes.map(renderBox))] };
}

function list(children: ListItem[], ordered = false): List {
  return { type: 'list', ordered, spread: false, children };
}
