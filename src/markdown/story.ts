/**
 * Writes a task's story: a generated section at the end of its file that says what happened.
 *
 *   the user's text        never changed, byte for byte
 *   <!-- marker -->        the last line of this kind that a story's heading follows
 *   ## What happened
 *   …
 *   <!-- end -->
 *   more of the user's     kept, and taken as the task's text too
 *
 * A marker that the user quotes without the heading is the user's. Agents can't forge one: each line of theirs
 * begins with `> ` or `- `, and their `<` is escaped.
 */
import prettyMilliseconds from 'pretty-ms';
import { listProposals } from '../domain/proposal.ts';
import { limits } from '../domain/limits.ts';
import { countOf, formatDiffstat } from '../domain/amounts.ts';
import type { Diffstat } from '../domain/work-evidence.ts';
import { describeDoubts, describeWaysOn, isPlan, type Verdict } from '../domain/verdict.ts';
import { describeMoved } from './moved-refs-text.ts';
import { clip, lineEndOf, toOneLine } from './plain-text.ts';
import { nameReason } from '../domain/reason-words.ts';
import { listReviewSteps } from './review-steps.ts';

/** The line above the generated section. */
export const storyMarker = '<!-- branchboard: what happened (generated; not part of the task) -->';
const storyEnd = '<!-- branchboard: end of what happened -->';
const storyHeading = '## What happened';

const maxFollowUpChars = 400;
const maxDoubtChars = 600;

/** Facts of a story besides the verdict. */
export interface StoryFacts {
  /** The task's id, for commands. */
  readonly id: string;
  /** Whether its work was found in the base. */
  readonly isMerged: boolean;
  /** The last run's folder as the user knows it, or null where no run was made. */
  readonly runFolder: string | null;
  /** The time as the user reads it. */
  readonly finishedAt: string;
}

/** The user's own text: what stands above the generated section, and below it if they wrote there. */
export function stripStory(text: string): string {
  const story = findStory(text);
  if (story === undefined) return text;
  const above = text.slice(0, story.start);
  const below = text.slice(story.end);
  if (below.trim() === '') return above;
  return above === '' || above.endsWith('\n') ? above + below : above + lineEndOf(text) + below;
}

/**
 * Puts a story at the end in place of the one that is there. One line end goes between, and {@link stripStory} takes
 * it away again, so that the user's text comes back byte for byte.
 */
export function tellStory(text: string, story: string): string {
  const own = stripStory(text);
  const lineEnd = own.endsWith('\r') ? '\r\n' : lineEndOf(own);
  return own + lineEnd + story.replaceAll(/\r?\n/g, lineEnd);
}

/**
 * The task's text with what the user says to it below their own, above the story. The same words of the same moment are
 * written once.
 */
export function addSaid(text: string, said: string, when: string): string {
  const start = findStory(text)?.start ?? text.length;
  const [own, story] = [text.slice(0, start), text.slice(start)];
  const lineEnd = lineEndOf(text);
  const words = `> (said by the user, ${when})\n\n${said.trim()}\n`.replaceAll(/\r?\n/g, lineEnd);
  if (own.includes(words)) return text;
  const gap = own === '' ? '' : own.endsWith('\n') ? lineEnd : lineEnd + lineEnd;
  return own + gap + words + story;
}

/** The generated section for a verdict, from the marker to its end, with `\n` line ends. */
export function renderStory(verdict: Verdict, facts: StoryFacts): string {
  const { summary, question, options, fault } = verdict;
  const proposed = listProposals(verdict).map(({ title }) => title);
  const parts = [
    storyMarker,
    storyHeading,
    `**${describeOutcome(verdict, facts.isMerged)}** · ${toOneLine(facts.finishedAt)}`,
    ...(fault === null || question !== null ? [] : [quoteText(fault.detail)]),
    renderDoubts(verdict),
    ...(question === null ? [] : ['Question:', quoteText(question)]),
    ...(options.length === 0 ? [] : ['Answers that it offers:', renderTexts(options)]),
    ...(summary === null || summary === question ? [] : ['Summary:', quoteText(summary)]),
    renderFacts(verdict, facts).join('\n'),
    ...(proposed.length === 0 ? [] : ['What the agent proposes to do next:', renderTexts(proposed)]),
    escapeHtml(describeWaysOn(facts.id, verdict) ?? ''),
    ...(verdict.column === 'attention' ? [describeNextStep(facts.id, verdict)] : renderSteps(verdict, facts)),
    storyEnd,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function findStory(text: string): { readonly start: number; readonly end: number } | undefined {
  for (let at = text.lastIndexOf(storyMarker); at !== -1; at = at === 0 ? -1 : text.lastIndexOf(storyMarker, at - 1)) {
    const after = text.slice(at + storyMarker.length, at + storyMarker.length + maxHeadGapChars);
    const beginsLine = at === 0 || text.charAt(at - 1) === '\n';
    if (!beginsLine || !/^\s*\n## What happened[ \t]*\r?(?:\n|$)/.test(after)) continue;
    const hasCarriageReturn = text.charAt(at - 2) === '\r';
    const start = at === 0 ? 0 : at - (hasCarriageReturn ? 2 : 1);
    return { start, end: findStoryEnd(text, at) };
  }
  return undefined;
}

/** The most characters from the marker to the end of the heading. */
const maxHeadGapChars = 64;

function findStoryEnd(text: string, from: number): number {
  const at = text.indexOf(`\n${storyEnd}`, from);
  if (at === -1) return text.length;
  const lineEnd = text.indexOf('\n', at + 1);
  return lineEnd === -1 ? text.length : lineEnd + 1;
}

function describeOutcome({ column, fault, question, nothingToDo, report }: Verdict, isMerged: boolean): string {
  if (column === 'archive') return 'Put away';
  if (column === 'attention') {
    if (question !== null) return 'Waits for you: a question';
    return fault === null ? 'Waits for you' : `Waits for you: ${nameReason(fault.reason)}`;
  }
  if (report !== null) return 'Done, with a report';
  if (nothingToDo) return 'Done: the agent found nothing to do';
  return isMerged ? 'Done and merged' : 'Done';
}

function renderSteps(verdict: Verdict, { id, isMerged }: StoryFacts): readonly string[] {
  const steps = listReviewSteps(id, verdict, isMerged);
  return steps.length === 0
    ? []
    : ['What you can do:', steps.map(({ what, line }) => `- ${what}: ${code(line)}`).join('\n')];
}

function describeNextStep(id: string, verdict: Verdict): string {
  if (isPlan(verdict))
    return `To take the plan in, type \`branchboard accept ${id}\`; to have it made again, \`branchboard retry ${id} -m "what to do differently"\`.`;
  return verdict.question === null
    ? `To try again, change the task above if need be, and move this file to \`queued/\`; or type \`branchboard retry ${id} -m "what to do differently"\`.`
    : `To answer, type \`branchboard answer ${id} "your answer"\`; or write it on the dashboard, or into the task above, and move this file to \`queued/\`.`;
}

function renderFacts(verdict: Verdict, { runFolder }: StoryFacts): readonly string[] {
  const { agent, branch, commits, diffstat, attempts, costUsd, workedMs, report } = verdict;
  const worked = prettyMilliseconds(workedMs, { secondsDecimalDigits: 0, unitCount: 2 });
  return [
    ...(branch === null ? [] : [`- Branch: ${code(branch)}${describeWork(commits, diffstat)}`]),
    ...(report === null ? [] : [`- Report: ${code(report)}`]),
    `- Verify: ${describeVerify(verdict)}`,
    `- Agent: ${code(agent)}, ${countOf(attempts, 'attempt')}, worked ${worked}, $${costUsd.toFixed(2)}`,
    ...(runFolder === null ? [] : [`- Run: ${code(runFolder)}`]),
  ];
}

function describeWork(commits: number, diffstat: Diffstat | null): string {
  // Without it nobody looked at the branch.
  if (diffstat === null) return commits === 0 ? '' : ` · ${countOf(commits, 'commit')}`;
  return ` · ${countOf(commits, 'commit')} · ${formatDiffstat(diffstat)}`;
}

function describeVerify({ verified, fault }: Verdict): string {
  if (verified) return 'passed';
  return fault?.reason === 'verify-failed' ? 'failed' : 'not run';
}

/** See {@link describeDoubts}; refs that moved meanwhile as well. */
function renderDoubts(verdict: Verdict): string {
  const doubts = [...describeDoubts(verdict), ...verdict.moved.map(describeMoved)];
  return doubts.map((text) => `- ${escapeHtml(clip(toOneLine(text), maxDoubtChars))}`).join('\n');
}

function renderTexts(texts: readonly string[]): string {
  const shown = texts.slice(0, limits.maxFollowUps);
  return shown.map((text) => `- ${escapeHtml(clip(toOneLine(text), maxFollowUpChars))}`).join('\n');
}

/** A block quote ends whatever markdown the text left open. Empty for a text that holds nothing to see. */
function quoteText(text: string): string {
  const clean = clip(text.trim(), limits.maxSummaryChars).replace(/\r\n?|[\u2028\u2029]/g, '\n');
  if (clean === '') return '';
  const lines = clean.split('\n').map((line) => escapeHtml(dropControls(line)).trimEnd());
  return lines.map((line) => (line === '' ? '>' : `> ${line}`)).join('\n');
}

function dropControls(line: string): string {
  return line.replaceAll('\t', '  ').replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, '');
}

/** An entity holds whatever stands before it; a backslash would not. */
function escapeHtml(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function code(text: string): string {
  return `\`${toOneLine(text).replaceAll('`', "'")}\``;
}
