/** Prints the dashboard's entries: what needs the user, what waits for review, what agents are on. */
import type { ListItem, PhrasingContent, RootContent } from 'mdast';

import { countOf, formatDiffstat, formatDuration, formatUsd } from '../domain/amounts.ts';
import { limits } from '../domain/limits.ts';
import type { Box } from '../domain/command.ts';
import { renderBox } from './boxes.ts';
import { answerWords } from './drafts.ts';
import type {
  ActiveEntry,
  AttentionEntry,
  BoxOutcome,
  FileLink,
  MemberEntry,
  PendingEntry,
  ReadyEntry,
  TaskLabel,
} from './dashboard-model.ts';
import { fenced, heading, intersperse, item, linkTo, list, paragraph, quote, strong } from './markdown-nodes.ts';
import { code, plain, prose } from './safe-text.ts';

/** Room for two object ids, two names and a command. */
const maxWarningChars = 1_000;

/** Title and id, as every entry begins. */
export function label(task: TaskLabel): PhrasingContent[] {
  return [...title(task), plain(' ('), code(task.id), plain(')')];
}

/** A task's title. */
export function title(task: TaskLabel): PhrasingContent[] {
  return prose(task.title, limits.maxTitleChars);
}

/** How many rows a section leaves out. */
export function renderOmitted(omitted: number): RootContent[] {
  return omitted === 0 ? [] : [paragraph(prose(`… and ${String(omitted)} more: \`branchboard status\``))];
}

/** An entry of Needs You. */
export function renderAttention(entry: AttentionEntry): RootContent[] {
  const facts: PhrasingContent[][] = entry.links.map((link) => [renderLink(link)]);
  if (entry.branch !== null) facts.push([plain('branch '), code(entry.branch)]);
  facts.push(...entry.commands.map((command) => [code(command)]));
  if (entry.waitedForBy > 0) {
    facts.push([plain(`${countOf(entry.waitedForBy, 'task')} ${entry.waitedForBy === 1 ? 'waits' : 'wait'} for it`)]);
  }
  const outcomes = entry.outcomes.map(renderOutcome);
  const choices = entry.boxes.filter(({ kind }) => kind === 'choose').map(renderBox);
  const isOffered = ({ kind, option }: Box) => kind === 'accept' && option !== undefined;
  const boxes = entry.boxes.filter((box) => box.kind !== 'choose' && !isOffered(box)).map(renderBox);
  const isAsking = entry.question !== null && entry.boxes.some(({ kind }) => kind === 'tell' || kind === 'answer');
  return [
    heading(3, [...label(entry), ...nameOthers(entry.members), plain(': '), ...prose(entry.headline)]),
    ...quote(entry.question),
    ...quote(entry.detail),
    ...renderPlan(entry),
    ...fenced(entry.output),
    ...renderWarnings(entry.warnings),
    ...(facts.length === 0 ? [] : [paragraph(intersperse(facts))]),
    ...(isAsking
      ? [...list([...outcomes, ...choices]), paragraph([plain(answerWords)]), ...list(boxes)]
      : list([...outcomes, ...boxes, ...entry.members.map(renderMember)])),
    ...renderProposals(entry),
  ];
}

/** The other tasks of an entry: the second by name where there are two. */
function nameOthers([, ...others]: readonly MemberEntry[]): PhrasingContent[] {
  const [second] = others;
  if (second === undefined) return [];
  return [plain(' and '), ...(others.length === 1 ? label(second) : [plain(countOf(others.length, 'other'))])];
}

function renderMember(member: MemberEntry): ListItem {
  const links = member.links.map((link) => [renderLink(link)]);
  const line = item([...label(member), plain(': '), ...intersperse(links)]);
  const below = list([...member.outcomes.map(renderOutcome), ...member.boxes.map(renderBox)]);
  return { ...line, children: [...line.children, ...below] };
}

/** An entry of Ready for Review. */
export function renderReady(entry: ReadyEntry): RootContent[] {
  const { work, review } = entry;
  const facts: PhrasingContent[][] = [];
  if (work.kind === 'branch') {
    facts.push([plain('Branch '), code(work.branch), plain(' for '), code(work.baseBranch)]);
    facts.push([plain(countOf(work.commits, 'commit'))]);
    if (work.diffstat !== null) facts.push([plain(formatDiffstat(work.diffstat))]);
    if (entry.verify === 'passed') facts.push([plain('checks passed')]);
  } else if (work.kind === 'report') facts.push([plain('Report '), linkTo(work.path, 'report.md')]);
  else facts.push([plain('Nothing to do, says the agent')]);
  facts.push([plain(formatDuration(entry.workedMs))], [plain(formatUsd(entry.costUsd))]);
  facts.push(...entry.links.map((link) => [renderLink(link)]));
  const ways =
    review === null
      ? []
      : [
          [plain('Look: '), code(review.look)],
          [plain('Take it: '), code(review.take)],
        ];
  return [
    heading(3, label(entry)),
    paragraph(intersperse(facts)),
    ...renderWarnings(entry.warnings),
    ...quote(entry.summary),
    ...renderWhatRuns(entry.changesWhatRuns),
    ...list([
      ...entry.outcomes.map(renderOutcome),
      ...(entry.pull === null ? [] : [item(prose(entry.pull))]),
      ...ways.map((way) => item(way)),
      ...entry.boxes.filter(({ kind }) => kind !== 'accept').map(renderBox),
    ]),
    ...renderProposals(entry),
  ];
}

function renderPlan({ plan = null, boxes }: Pick<AttentionEntry, 'plan' | 'boxes'>): RootContent[] {
  if (plan === null) return [];
  const subtasks = plan.subtasks.map((text) => item(prose(text, maxWarningChars)));
  const how =
    'Behind the first box: names of those that you don’t want, and lines such as `NAME: what is to be different`.';
  const isOffered = boxes.some(({ kind }) => kind === 'accept');
  return [
    ...list(subtasks, true),
    { type: 'code', lang: 'mermaid', value: plan.graph },
    ...(isOffered ? [paragraph(prose(how))] : []),
  ];
}

/** The boxes of what its agent proposes, and what of it became a task. */
function renderProposals({ boxes, takenIn }: Pick<ReadyEntry, 'boxes' | 'takenIn'>): RootContent[] {
  const offers = boxes.filter(({ kind, option }) => kind === 'accept' && option !== undefined);
  const items = [...offers.map(renderBox), ...takenIn.map((text) => item(prose(text)))];
  if (items.length === 0) return [];
  const shown = items.slice(0, limits.maxDashboardRows);
  return [paragraph([plain('It proposes:')]), ...list(shown), ...renderOmitted(items.length - shown.length)];
}

/** What became of a box, for a list. */
export function renderOutcome({ time, label: words, said }: BoxOutcome): ListItem {
  return item([...prose(words), plain(': '), ...prose(said), plain(' ('), ...prose(time), plain(')')]);
}

/** A task that an agent is on, with its heading. */
export function renderActive(entry: ActiveEntry): RootContent[] {
  const lines = describeActive(entry).map((line) => item(line));
  return [heading(2, [plain('Active: '), ...label(entry)]), ...list([...entry.outcomes.map(renderOutcome), ...lines])];
}

/** An item of the queue. */
export function renderPending(entry: PendingEntry): ListItem {
  const line = item([...label(entry), plain(': '), ...prose(entry.why)]);
  const below = list([...entry.outcomes.map(renderOutcome), ...entry.boxes.map(renderBox)]);
  return { ...line, children: [...line.children, ...below] };
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
  if (entry.lastTool !== null) described.push([strong('Last tool'), plain(': '), code(entry.lastTool)]);
  for (const text of entry.warnings) described.push([strong('Warning'), plain(': '), ...prose(text)]);
  if (entry.recentOutput !== null) {
    described.push([strong('Recent output'), plain(': "'), ...prose(entry.recentOutput), plain('"')]);
  }
  for (const { text, state } of entry.notes.slice(-limits.maxNotesShown)) {
    described.push([strong('Your note'), plain(': "'), ...prose(text), plain(`" (${state})`)]);
  }
  if (entry.granted.length > 0) {
    const rights = entry.granted.slice(0, limits.maxDashboardRows).map((right) => [code(right)]);
    described.push([strong('Granted'), plain(': '), ...intersperse(rights, ', ')]);
  }
  const links = entry.links.map((link) => [renderLink(link)]);
  described.push([strong('Follow it'), plain(': '), ...intersperse([[code(entry.follow)], ...links])]);
  return described;
}

function renderLink({ words, path }: FileLink): PhrasingContent {
  return linkTo(path, words);
}

function renderWarnings(warnings: readonly string[]): RootContent[] {
  const shown = warnings.slice(0, limits.maxDashboardRows).map((text) => item(prose(text, maxWarningChars)));
  return [...list(shown), ...renderOmitted(warnings.length - shown.length)];
}

function renderWhatRuns(paths: readonly string[]): RootContent[] {
  if (paths.length === 0) return [];
  const named = paths.map((path) => [code(path)]);
  return [paragraph([strong('Changes what runs'), plain(': '), ...intersperse(named, ', ')])];
}
