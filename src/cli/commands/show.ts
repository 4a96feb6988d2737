/** `show`: one task with its runs. */
import { basename, relative } from 'node:path';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { readTextFile } from '../../adapters/files/reader.ts';
import type { Redactor } from '../../adapters/redaction/redactor.ts';
import { listOffers, type Offer } from '../../core/commands/offers.ts';
import { parseTask } from '../../daemon/parse-task.ts';
import { redactTexts } from '../../daemon/redact-event.ts';
import type { RunFacts } from '../../domain/task-facts.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import { revealHiddenCharacters } from '../../domain/hidden-characters.ts';
import { limits } from '../../domain/limits.ts';
import { emptyRunView } from '../../domain/run.ts';
import { formatDuration, formatUsd } from '../../domain/amounts.ts';
import { listHiddenLines, type HiddenLine } from '../../markdown/hidden-lines.ts';
import { describeMoved } from '../../markdown/moved-refs-text.ts';
import { cleanLine, cleanLines } from '../../markdown/safe-text.ts';
import { stripStory } from '../../markdown/story.ts';
import { findTaskData, readBoardData } from '../read-board.ts';
import { requireSettings } from '../compose-reader.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { redactFor } from '../output-redaction.ts';
import { findTask, type FoundTask } from '../task-files.ts';
import { print, printJson, type Verb } from '../verb.ts';

/** A failure's detail may hold the end of an output. */
const maxTextChars = 10_000;
/** Lines with hidden characters that are written out. */
const maxHiddenLines = 20;

/** The verb `show`. */
export const showCommand: Verb = (command) =>
  command
    .option('--json', 'as data')
    .action(async (text: string, options: GlobalOptions & { readonly json?: boolean }) => {
      const place = await findPlace(options);
      const { id, column, path } = await findTask(place, text);
      const settings = await requireSettings(place);
      const redact = redactFor(() => settings);
      const { runs, verdict, review, damaged } = redactTexts(await readTaskFacts(place.layout, id), redact);
      const { warnings, hiddenLines } = await readNotices({ id, column, path });
      const task = redactTexts(findTaskData((await readBoardData(place)).data, id), redact);
      const commands = listOffers(column, id);
      if (options.json === true) {
        printJson({
          version: 2,
          id,
          column,
          file: path,
          task: task ?? null,
          verdict,
          review,
          runs,
          commands,
          warnings: redactTexts(warnings, redact),
        });
        return;
      }
      print(`${cleanLine(task?.title ?? verdict?.title ?? id)} (${id}) · ${column}`);
      print(`File: ${relative(place.topLevel, path)}`);
      if (task !== undefined && task.waitingFor.length > 0) print(`Waits for: ${task.waitingFor.join(', ')}`);
      if (task?.origin != null) print(`Origin: ${cleanLine(task.origin)}`);
      for (const right of task?.asksFor ?? []) print(`Asks for: ${clean(right)}`);
      if (task !== undefined && task.asksFor.length > 0)
        print(`It waits for your yes to exactly this: branchboard grant ${id}`);
      for (const right of task?.granted ?? []) print(`Granted: ${clean(right)}`);
      const branch = verdict?.branch ?? task?.branch ?? null;
      if (branch !== null) print(`Branch: ${cleanLine(branch)}`);
      if (verdict?.fault != null && column === 'attention')
        print(`\n${clean(`${verdict.fault.reason}: ${verdict.fault.detail}`)}`);
      for (const warning of verdict?.warnings ?? []) print(`\n${clean(warning)}`);
      for (const moved of verdict?.moved ?? []) print(`\n${clean(describeMoved(moved))}`);
      if (verdict?.summary != null) print(`\n${clean(verdict.summary)}`);
      for (const name of damaged) print(`! .orchestrator/runs/${id}/${name} can't be understood and counts as missing`);
      for (const warning of warnings) print(`! ${redact(formatDiagnostic(warning))}`);
      for (const line of hiddenLines.slice(0, maxHiddenLines)) print(formatHiddenLine(line, redact));
      print(runs.length === 0 ? '\nNo runs yet.' : '\nRuns:');
      for (const run of runs) print(formatRun(run, relative(place.topLevel, place.layout.run(run.plan))));
      print(`\nCommands:\n${commands.map(formatOffer).join('\n')}`);
    });

/** Warnings about its file. */
async function readNotices({ column, path }: FoundTask) {
  const name = basename(path);
  const read = await readTextFile(path, `.orchestrator/${column}/${name}`, limits.maxTaskFileBytes);
  if (!read.ok) return { warnings: [], hiddenLines: [] };
  const { text, identity } = read.value;
  const { diagnostics } = parseTask({ text, file: { column, name, identity } });
  return {
    warnings: diagnostics.filter(({ severity }) => severity === 'warning'),
    hiddenLines: listHiddenLines(stripStory(text)),
  };
}

function formatHiddenLine({ number, text }: HiddenLine, redact: Redactor): string {
  return `  ${number}: ${cleanLine(redact(revealHiddenCharacters(text)), maxTextChars)}`;
}

/** Others' text for a terminal, which must not take any of it for a command. */
function clean(text: string): string {
  return cleanLines(text, maxTextChars).join('\n');
}

function formatOffer({ usage, unfit }: Offer): string {
  if (unfit === null) return `  ${usage}`;
  const missing = `  ${usage}: not now, it ${unfit.why}`;
  return unfit.hint === null ? missing : `${missing}\n    ${unfit.hint}`;
}

function formatRun({ plan, record }: RunFacts, folder: string): string {
  const outcome =
    record === null
      ? 'no end recorded'
      : record.outcome.kind === 'failed'
        ? record.outcome.fault.reason
        : record.outcome.kind;
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
