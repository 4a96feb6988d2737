/** `show`: one task with its runs. */
import { Command } from 'commander';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { redactTexts } from '../../daemon/redact.ts';
import type { RunFacts } from '../../domain/board.ts';
import { formatDuration, formatUsd } from '../../markdown/amounts.ts';
import { findTaskData, readBoardData } from '../board-data.ts';
import { requireSettings } from '../compose.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { redactFor } from '../redact.ts';
import { findTask } from '../task-files.ts';
import { print, printJson, type Verb } from '../verb.ts';

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
      print(`${task?.title ?? verdict?.title ?? id} (${id}) · ${column}`);
      print(`File: ${path}`);
      if (task !== undefined && task.waitingFor.length > 0) print(`Waits for: ${task.waitingFor.join(', ')}`);
      const branch = verdict?.branch ?? task?.branch ?? null;
      if (branch !== null) print(`Branch: ${branch}`);
      if (verdict?.fault != null && column === 'attention') print(`\n${verdict.fault.reason}: ${verdict.fault.detail}`);
      if (verdict?.summary != null) print(`\n${verdict.summary}`);
      print(runs.length === 0 ? '\nNo runs yet.' : '\nRuns:');
      for (const run of runs) print(formatRun(run, place.layout.run(run.plan)));
    });

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
  return `  ${plan.n}. attempt ${plan.attempt}, ${plan.session.mode} session ${plan.session.id}: ${outcome}${figures}\n     ${folder}`;
}
