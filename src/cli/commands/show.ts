/** `show`: one task with its runs. */
import { relative } from 'node:path';
import type { Offer } from '../../core/commands/offers.ts';
import type { RunFacts } from '../../domain/task-facts.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import { describeDoubts, describeWaysOn, type Verdict } from '../../domain/verdict.ts';
import { listProposals, type OfferedProposal } from '../../domain/proposal.ts';
import { emptyRunView } from '../../domain/run.ts';
import { defaultSettings } from '../../domain/settings.ts';
import type { TaskDescription } from '../../views/task-description.ts';
import { redactTexts } from '../../daemon/redact-event.ts';
import { findRunning, isUnanswered } from '../ask-running.ts';
import { formatDuration, formatUsd } from '../../domain/amounts.ts';
import { describeOverlaps } from '../../domain/overlap.ts';
import { describePull } from '../../domain/pull-request.ts';
import { describeBehind, mergedAtOf } from '../../domain/review.ts';
import { describeMoved } from '../../markdown/moved-refs-text.ts';
import { nameOutcome, nameReason } from '../../domain/reason-words.ts';
import { listReviewSteps, listWaitingSteps, type ReviewStep } from '../../markdown/review-steps.ts';
import { cleanLine, cleanLines } from '../../markdown/safe-text.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { redactFor } from '../output-redaction.ts';
import { findTask, NotAcceptedError, type FoundTask } from '../task-files.ts';
import { print, printJson, type Verb } from '../verb.ts';
import { describePause } from '../view/board-text.ts';
import { formatMinute } from '../view/local-time.ts';

/** A failure's detail may hold the end of an output. */
const maxTextChars = 10_000;
/** The widest name of a step, and a space. */
const stepColumns = 'Work on it again: '.length;

/** The verb `show`. */
export const showCommand: Verb = (command) =>
  command
    .option('--json', 'as data')
    .action(async (text: string, options: GlobalOptions & { readonly json?: boolean }) => {
      const place = await findPlace(options);
      const found = await findTask(place, text).catch((error: unknown) => {
        if (error instanceof NotAcceptedError) return error.waiting;
        throw error;
      });
      if ('shownAs' in found) {
        const { showInboxFile } = await import('../show-inbox-file.ts');
        await showInboxFile(place, found, options.json === true);
        return;
      }
      const data = await lookAt(place, found);
      if (options.json === true) {
        printJson(data);
        return;
      }
      const { id, column, task, verdict, runs, commands } = data;
      print(`${cleanLine(task?.title ?? verdict?.title ?? id)} (${id}) · ${describeState(data)}`);
      print(`File: ${relative(place.topLevel, data.file)}`);
      if (task !== null && task.waitingFor.length > 0) print(`Waits for: ${task.waitingFor.join(', ')}`);
      if (task?.origin != null) print(`Origin: ${cleanLine(task.origin)}`);
      for (const right of task?.asksFor ?? []) print(`Asks for: ${clean(right)}`);
      if (task !== null && task.asksFor.length > 0)
        print(`It waits for your yes to exactly this: branchboard grant ${id}`);
      for (const right of task?.granted ?? []) print(`Granted: ${clean(right)}`);
      const branch = verdict?.branch ?? task?.branch ?? null;
      if (branch !== null) print(`Branch: ${cleanLine(branch)}`);
      if (verdict?.fault != null && column === 'attention')
        print(`\n${clean(`${nameReason(verdict.fault.reason)}: ${verdict.fault.detail}`)}`);
      if (column === 'attention') for (const option of verdict?.options ?? []) print(`  - ${cleanLine(option)}`);
      const behind = describeBehind(data.review);
      if (behind !== null) print(`\n${clean(behind)}. Type: branchboard restack ${id}`);
      const pull = describePull(task?.review?.pull);
      if (pull !== null) print(`\n${clean(pull)}`);
      const overlaps = describeOverlaps(task?.review?.overlaps ?? []);
      if (overlaps !== null) print(`\n${clean(overlaps)}`);
      for (const text of verdict === null ? [] : describeDoubts(verdict)) print(`\n${clean(text)}`);
      for (const moved of verdict?.moved ?? []) print(`\n${clean(describeMoved(moved))}`);
      const waysOn = verdict === null || column !== 'attention' ? null : describeWaysOn(id, verdict);
      if (waysOn !== null) print(`\n${clean(waysOn)}`);
      if (verdict?.summary != null) print(`\n${clean(verdict.summary)}`);
      for (const line of verdict === null ? [] : listProposals(verdict).map(formatProposal)) print(line);
      if (verdict !== null && listProposals(verdict).some(({ taken }) => taken === null))
        print(`To make tasks of what it proposes: branchboard accept ${id}`);
      for (const name of data.damaged)
        print(`! .orchestrator/runs/${id}/${name} can't be understood and counts as missing`);
      for (const warning of data.warnings) print(`! ${formatDiagnostic(warning)}`);
      for (const { number, text } of data.hiddenLines) print(`  ${String(number)}: ${cleanLine(text, maxTextChars)}`);
      print(runs.length === 0 ? '\nNo runs yet.' : '\nRuns:');
      for (const run of runs) print(formatRun(run, relative(place.topLevel, place.layout.run(run.plan))));
      const steps = verdict === null ? [] : listSteps(data, verdict);
      if (steps.length > 0) print(`\nWhat you can do:\n${steps.map(formatStep).join('\n')}`);
      const [fit, unfit] = [
        commands.filter((each) => each.unfit === null),
        commands.filter((each) => each.unfit !== null),
      ];
      print(`\nCommands:\n${[...fit, ...unfit].map(formatOffer).join('\n')}`);
    });

/** The steps that fit where the task is now: the user may have moved it since its verdict. */
function listSteps({ id, column, review }: TaskDescription, verdict: Verdict): readonly ReviewStep[] {
  if (column === 'done') return listReviewSteps(id, verdict, mergedAtOf(review) !== null);
  return column === 'attention' ? listWaitingSteps(id, verdict) : [];
}

/**
 * Where a task stands: of one in the queue what keeps all of them there, of one at work for how long and at what, of one
 * that is over what became of its work.
 */
function describeState({ column, task, review, daemon, paused }: TaskDescription): string {
  const mergedAt = mergedAtOf(review);
  if (column === 'done' && mergedAt !== null) return `done, merged ${formatMinute(mergedAt, Date.now())}`;
  if (column === 'archive' && review?.state === 'discarded')
    return `archive, discarded ${formatMinute(review.at, Date.now())}`;
  if (column === 'queued' && !daemon.running) return 'queued · no board runs: branchboard start';
  if (column === 'queued' && paused !== null) return `queued · ${describePause(paused, true, Date.now())}`;
  if (column !== 'active' || task?.startedAt == null) return column;
  const parts = [formatDuration(Math.max(0, Date.now() - Date.parse(task.startedAt))), task.lastTool ?? []].flat();
  return `active · ${cleanLine(parts.join(' · '))}`;
}

function formatStep({ what, line }: ReviewStep): string {
  return `  ${`${what}:`.padEnd(stepColumns)}${cleanLine(line)}`;
}

/** The task as the running board tells it, or as the folder does where none answers. */
async function lookAt(place: Place, found: FoundTask): Promise<TaskDescription> {
  const board = await findRunning(place);
  try {
    if (board !== null) {
      const data = await board.task(found.id);
      const { id, column, file, commands } = data;
      // This shell may know secrets that the board does not.
      const redact = redactFor(() => defaultSettings);
      // A board of an earlier version does not tell all.
      if ('paused' in data) return { ...redactTexts(data, redact), id, column, file, commands };
    }
  } catch (error) {
    if (!(await isUnanswered(error))) throw error;
  }
  const [{ requireSettings }, { readBoardData }, { describeTask }] = await Promise.all([
    import('../compose-reader.ts'),
    import('../read-board.ts'),
    import('../describe-task.ts'),
  ]);
  const settings = await requireSettings(place);
  return describeTask(
    place,
    found,
    (await readBoardData(place)).data,
    redactFor(() => settings),
  );
}

/** Others' text for a terminal, which must not take any of it for a command. */
function clean(text: string): string {
  return cleanLines(text, maxTextChars).join('\n');
}

function formatProposal({ number, name, title, agent, dependsOn, taken }: OfferedProposal): string {
  const facts = [
    agent ?? [],
    dependsOn.length === 0 ? [] : `after ${dependsOn.join(', ')}`,
    taken === null ? [] : `is ${taken.id}`,
  ].flat();
  const rest = facts.length === 0 ? '' : ` (${facts.join(' · ')})`;
  return cleanLine(`Proposes ${String(number)}. ${name}: ${title}${rest}`);
}

function formatOffer({ usage, unfit }: Offer): string {
  if (unfit === null) return `  ${usage}`;
  const missing = `  ${usage}: not now, it ${unfit.why}`;
  // This is what `show` shows.
  const isHere = unfit.hint?.includes('branchboard show ') ?? true;
  return isHere ? missing : `${missing}\n    ${unfit.hint ?? ''}`;
}

function formatRun({ plan, record }: RunFacts, folder: string): string {
  const outcome =
    record === null
      ? 'no end recorded'
      : record.outcome.kind === 'failed'
        ? nameReason(record.outcome.fault.reason)
        : [nameOutcome(record.outcome.kind), 'detail' in record.outcome ? record.outcome.detail : []].flat().join(': ');
  const figures =
    record === null
      ? ''
      : ` · ${formatDuration(record.exit.endedAt - plan.plannedAt)} · ${formatUsd(record.exit.view.costUsd)}`;
  const session = `${plan.session.mode} session ${cleanLine(plan.session.id)}`;
  const view = record?.exit.view ?? emptyRunView;
  const version = view.agentVersion === null ? '' : ` · Claude Code ${cleanLine(view.agentVersion)}`;
  return [
    `  ${plan.n}. attempt ${plan.attempt}, ${session}: ${cleanLine(outcome)}${figures}${version}`,
    ...view.warnings.map((warning) => `     Warning: ${cleanLine(warning)}`),
    `     ${folder}`,
  ].join('\n');
}
