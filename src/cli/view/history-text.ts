/** The history as plain lines, for a terminal that is piped into a file and for `history`. */
import type { Way } from '../../domain/command.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import type { HistoryEntry } from '../../domain/history.ts';
import { unreachable } from '../../domain/result.ts';
import { countOf, formatBytes, formatDuration, formatUsd } from '../../domain/amounts.ts';
import { describeMoved } from '../../markdown/moved-refs-text.ts';
import { nameOutcome } from '../../domain/reason-words.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { describeWhy, pauseWords } from '../../views/pause-words.ts';
import { formatMoment } from './local-time.ts';

/** Room for two object ids, two names and a command. */
const maxMovedChars = 1_000;

/** One line for a thing that happened; several for what holds several diagnostics. */
export function formatHistory(entry: HistoryEntry): string {
  switch (entry.type) {
    case 'board-started':
      return 'board started';
    case 'board-stopped':
      return `board stopped${entry.fault === undefined ? '' : ` by a fault: ${cleanLine(entry.fault)}`}`;
    case 'task-accepted':
      return `${entry.task}: accepted (${cleanLine(entry.title)})`;
    case 'task-asks':
      return `${entry.task}: waits: its file asks for more than it may (${entry.keys.join(', ')}); branchboard show ${entry.task} says what, branchboard grant ${entry.task} grants it`;
    case 'inbox-rejected':
      return entry.diagnostics.map((diagnostic) => `refused: ${formatDiagnostic(diagnostic)}`).join('\n');
    case 'inbox-repeated':
      return `${entry.task}: dropped once more, unchanged; it is queued already`;
    case 'task-found':
      return `${entry.task}: found in ${entry.column}/: ${entry.note}`;
    case 'task-changed':
      return entry.diagnostics.map((diagnostic) => `${entry.task}: ${formatDiagnostic(diagnostic)}`).join('\n');
    case 'command-unread':
      return entry.why === undefined
        ? `a command can't be understood and was put aside: .orchestrator/${entry.path}`
        : `a command can't be read, and the board goes on without it: ${entry.why}. Remove it: rm -r '.orchestrator/${entry.path}'`;
    case 'command':
      return describeCommand(entry);
    case 'run-planned':
      return `${entry.run.task}: attempt ${entry.attempt} (${entry.cause}, ${entry.session} session)`;
    case 'run-started':
      return `${entry.run.task}: run ${entry.run.n} started${describeSetAside(entry.setAside)}`;
    case 'run-warned':
      return entry.warnings.map((warning) => `${entry.run.task}: warning: ${cleanLine(warning)}`).join('\n');
    case 'run-stopping':
      return `${entry.run.task}: run ${entry.run.n} is being stopped (${entry.cause})`;
    case 'run-ended':
      return `${entry.run.task}: run ${entry.run.n} ended: ${nameOutcome(entry.outcome)} · ${formatDuration(entry.workedMs)} · ${formatUsd(entry.costUsd)}${entry.detail === '' ? '' : ` · ${cleanLine(entry.detail)}`}`;
    case 'refs-moved':
      return entry.moved
        .map((moved) => `${entry.run.task}: ${cleanLine(describeMoved(moved), maxMovedChars)}`)
        .join('\n');
    case 'task-settled':
      return `${entry.task}: → ${entry.column}/${entry.column === 'attention' ? ` (${cleanLine(nameOutcome(entry.detail))})` : ''}`;
    case 'task-merged':
      return `${entry.task}: its work is merged`;
    case 'pruned':
      return describePruned(entry);
    case 'held':
      return describeHold(entry);
    case 'hold-lifted':
      return `new starts again (over: ${pauseWords[entry.reason].why})`;
    case 'trouble':
      return entry.message === null
        ? `can ${entry.trouble} again`
        : `can't ${entry.trouble}: ${cleanLine(entry.message)}`;
    case 'clock-jumped':
      return `the clock jumped by ${entry.byMs < 0 ? '-' : ''}${formatDuration(Math.abs(entry.byMs))} (the machine slept, or its clock was set)`;
    case 'settings-changed':
      return entry.problems.length === 0
        ? 'settings read again'
        : entry.problems.map((problem) => `settings stay as they were: ${formatDiagnostic(problem)}`).join('\n');
    case 'effect-failed':
      return `${describeOwner(entry)}${entry.effect} failed: ${cleanLine(entry.message)}`;
    default:
      return unreachable(entry);
  }
}

/** The task or the command that a failure belongs to, as the beginning of a line. */
function describeOwner({ task, command }: HistoryEntry & { readonly type: 'effect-failed' }): string {
  if (task !== null) return `${task}: `;
  return command === undefined ? '' : `command ${command}: `;
}

/** Ways by which commands come, in words. */
const ways: Readonly<Record<Way, string>> = {
  'file-move': 'by moving its file',
  cli: 'on the command line',
  dashboard: 'on the dashboard',
  mcp: 'by a tool',
  web: 'in the browser',
  auto: 'by `auto_accept`',
};

function describeCommand({ by, command, outcome, said }: HistoryEntry & { readonly type: 'command' }): string {
  const about = 'task' in command ? `${command.task}: ` : '';
  return `${about}${command.kind} (asked ${ways[by]})${outcome === 'done' ? '' : ' was refused'}: ${cleanLine(said)}`;
}

function describeHold({ at, reason, until, detail }: HistoryEntry & { readonly type: 'held' }): string {
  // Recalled at a start, which tries it at once.
  if (until !== null && until <= at)
    return `starts were held: ${describeWhy(reason)}; one task tries now: ${cleanLine(detail)}`;
  const when = until === null ? '' : `; again at ${formatMoment(until, at)}`;
  return `no new starts: ${describeWhy(reason)}${when} (branchboard resume tries at once): ${cleanLine(detail)}`;
}

/** As many ids are named. */
const maxPrunedNamed = 10;

function describePruned({ tasks, worktrees, runs, bytes, refs }: HistoryEntry & { readonly type: 'pruned' }): string {
  const more = tasks.length - maxPrunedNamed;
  const named = `${tasks.slice(0, maxPrunedNamed).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
  const parts = [
    runs > 0 ? `logs of ${countOf(runs, 'run')} (${formatBytes(bytes)})` : '',
    refs > 0 ? countOf(refs, 'internal ref') : '',
    worktrees > 0 ? countOf(worktrees, 'worktree') : '',
  ];
  return `removed what was kept of ${named}, merged or put away for longer than \`keep\`: ${parts.filter(Boolean).join(', ')}`;
}

/** As many paths are named. */
const maxSetAsideNamed = 3;

function describeSetAside(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  const more = paths.length > maxSetAsideNamed ? `, … (${String(paths.length)} in all)` : '';
  const named = paths
    .slice(0, maxSetAsideNamed)
    .map((path) => cleanLine(path))
    .join(', ');
  return `; its branch changes ${named}${more}, which count as they stand in the base`;
}
