/** `show`: one task with its runs. */
import { Command } from 'commander';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { redactTexts } from '../../daemon/redact.ts';
import type { RunFacts } from '../../domain/board.ts';
import { formatDuration, formatUsd } from '../../markdown/amounts.ts';
import { cleanLine, cleanLines } from '../../markdown/safe-text.ts';
import { findTaskData, readBoardData } from '../board-data.ts';
import { requireSettings } from '../compose.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { redactFor } from '../redact.ts';
import { findTask } from '../task-files.ts';
import { print, printJson, type Verb } from '../verb.ts';

/** What went wrong may hold the end of an output. */
const maxTextChars = 10_000;

/** The verb `show`. */
export const showCommand: Verb = () =>
  new Command('show')
    .description('show one task with its runs')
    .argument('<id>')
    .option('--json', 'as data')
    .action(async (text: string, options: GlobalOptions & { readonly json?: boolean }) => {
      const place = await findPlace(options);
      const { id, column, path } = await findTask(place, text);
      const settings = await requireSettings(place);
      const redact = redactFor(() => settings);
      const { runs, verdict } = redactTexts(await readTaskFacts(place.layout, id), redact);
      const task = redactTexts(findTaskData((await readBoardData(place)).data, id), redact);
      if (options.json === true) {
        printJson({ version: 1, id, column, file: path, task: task ?? null, verdict, runs });
        return;
      }
      print(`${cleanLine(task?.title ?? verdict?.title ?? id)} (${id}) · ${column}`);
      print(`File: ${path}`);
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
      if (verdict?.summary != null) print(`\n${clean(verdict.summary)}`);
      print(runs.length === 0 ? '\nNo runs yet.' : '\nRuns:');
      for (const run of runs) print(formatRun(run, place.layout.run(run.plan)));
    });

/** Others' text for a terminal, which must not take any of it for a command. */
function clean(text: string): string {
  return cleanLines(text, maxTextChars).join('\n');
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
  return `  ${plan.n}. attempt ${plan.attempt}, ${session}: ${cleanLine(outcome)}${figures}\n     ${folder}`;
}
