/**
 * The reducer, the sole owner of the board's state changes. Pure: an event and a board in, a board and effects out.
 * Time comes with the event; nothing here reads a clock, a file or a random number.
 */
import { noDaemon, type Board } from '../domain/board.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import type { Trouble } from '../domain/hold.ts';
import type { Effect } from '../domain/effect.ts';
import type { BoardEvent } from '../domain/event.ts';
import { noRetention } from '../domain/pruned.ts';
import { defaultSettings } from '../domain/settings.ts';
import { unreachable } from '../domain/result.ts';
import { handleClockJumped } from './clock-jump.ts';
import { handleDiskLookedAt, isDiskFull, noteDiskFull } from './full-disk.ts';
import { Draft } from './draft.ts';
import { findCycles, findUnreadDependencies } from './dependencies.ts';
import { settleNames } from './named-dependencies.ts';
import { recallHold } from './circuit-breaker.ts';
import { handleScanned, handleTakenIn } from './intake.ts';
import {
  handleTaskLoaded,
  handleTaskRead,
  handleTaskUnread,
  handleTaskVanished,
  handleVerdictsRead,
  readVerdicts,
} from './file-results.ts';
import {
  handleBaseConflict,
  handleMoved,
  handleRunExited,
  handleRunPlanned,
  handleRunSeen,
  handleRunStarted,
  handleWorkInspected,
} from './lifecycle.ts';
import { handleEffectFailed } from './effect-failure.ts';
import { shutDown } from './shut-down.ts';
import { handleTick } from './tick.ts';
import { handleCommandAccepted } from './commands/accept-command.ts';
import { handleCommandKept } from './commands/board-commands.ts';
import { carryOutCommands, handleCommandFailed, handleCommandRead } from './commands/carry-out.ts';
import { forgetCommand } from './commands/settle-command.ts';
import { handleNoteLaid, handleNotesSeen, lookAtNotes } from './commands/note-command.ts';
import { handleCommandChecked } from './commands/hand-back-command.ts';
import { handleCommandOpened } from './commands/open-command.ts';
import { handleCommandProposed } from './commands/pr-command.ts';
import { handleCommandRestacked } from './commands/restack-command.ts';
import { handleCommandMerged } from './commands/merge-command.ts';
import { handleCommandEdited, handleCommandMoved, handleCommandRefused } from './commands/task-commands.ts';
import { handleReviewNews } from './review-news.ts';
import { settlePlans } from './plans.ts';
import { chooseStarts } from './schedule.ts';
import { handleEndsRead, handleEndsUnread, handlePruned, handlePruneFailed, lookForAged } from './retention.ts';
import { planRun, settleFault } from './settlement.ts';
import { endBudgetHold, startDay } from './spending.ts';
import { endStrays } from './orphans.ts';

/** A board of which nothing is known yet. */
export const emptyBoard: Board = {
  pid: noDaemon,
  settings: defaultSettings,
  settingsProblems: [],
  sandbox: null,
  live: new Map(),
  finished: new Map(),
  inbox: new Map(),
  passedOver: [],
  notes: new Map(),
  commands: new Map(),
  left: new Map(),
  boxAnswers: [],
  userPaused: false,
  grants: new Map(),
  hold: null,
  disk: null,
  diskLifted: null,
  troubles: new Map(),
  strays: [],
  shutdown: 'no',
  spending: { day: '', costs: new Map() },
  loading: new Set(),
  readingVerdicts: new Set(),
  unread: new Map(),
  scan: null,
  retention: noRetention,
  revision: { facts: 0, progress: 0 },
};

/** The next board, and the effects in their order. */
export function step(board: Board, event: BoardEvent): { readonly board: Board; readonly effects: readonly Effect[] } {
  const draft = new Draft(board, event.at);
  handle(draft, event);
  if (draft.board.scan !== null && event.type !== 'run-seen') {
    carryOutCommands(draft);
    settleNames(draft);
    settleCycles(draft);
    readDependencies(draft);
    endStrays(draft);
    settlePlans(draft);
    for (const task of chooseStarts(draft.board, event.at)) planRun(draft, task, task.next);
  }
  if (event.type !== 'run-seen' && showsChange(board, draft.board)) draft.touchFacts();
  return { board: draft.board, effects: draft.effects };
}

function handle(draft: Draft, event: BoardEvent): void {
  switch (event.type) {
    case 'opened':
      draft.set({ spending: event.spending, userPaused: event.paused, pid: event.pid });
      draft.journal({ type: 'board-started' });
      if (event.hold !== null) recallHold(draft, event.hold);
      endBudgetHold(draft);
      return;
    case 'places-recalled':
      draft.set({ left: event.places });
      return;
    case 'tick':
      startDay(draft, event.day);
      handleTick(draft);
      return;
    case 'scanned':
      handleScanned(draft, event.scan);
      lookForAged(draft);
      lookAtNotes(draft);
      return;
    case 'ends-read':
      handleEndsRead(draft, event.ends);
      return;
    case 'task-pruned':
      handlePruned(draft, event.task, event.pruned);
      return;
    case 'settings-read':
      draft.set({ settings: event.settings ?? draft.board.settings, settingsProblems: event.problems });
      if (draft.board.scan !== null) endBudgetHold(draft);
      if (event.problems.length > 0 || draft.board.scan !== null) {
        draft.journal({ type: 'settings-changed', problems: event.problems });
      }
      return;
    case 'task-loaded':
      handleTaskLoaded(draft, event.loaded);
      return;
    case 'task-vanished':
      handleTaskVanished(draft, event.file);
      return;
    case 'task-unread':
      handleTaskUnread(draft, event.file, event.why);
      return;
    case 'verdicts-read':
      handleVerdictsRead(draft, event.verdicts);
      return;
    case 'taken-in':
      handleTakenIn(draft, event.path, event.identity, event.outcome);
      return;
    case 'task-read':
      handleTaskRead(draft, event);
      return;
    case 'run-planned':
      handleRunPlanned(draft, event);
      return;
    case 'base-conflicted':
      handleBaseConflict(draft, event.task, event.conflict);
      return;
    case 'moved':
      handleMoved(draft, event.task, event.file);
      return;
    case 'run-started':
      handleRunStarted(draft, event.run, event.setAside);
      return;
    case 'run-seen':
      handleRunSeen(draft, event.run, event.view, event.lastOutputAt);
      return;
    case 'run-exited':
      handleRunExited(draft, event.run, event.exit);
      return;
    case 'work-inspected':
      handleWorkInspected(draft, event.run, event.evidence);
      return;
    case 'effect-failed':
      if (isDiskFull(event.fault)) noteDiskFull(draft, event.fault.message);
      if (event.effect === 'read-ends') handleEndsUnread(draft);
      if (event.effect === 'prune-task' && event.task !== null) handlePruneFailed(draft, event.task);
      handleEffectFailed(draft, event);
      return;
    case 'merges-found':
    case 'behind-found':
    case 'overlaps-found':
    case 'pulls-found':
      handleReviewNews(draft, event);
      return;
    case 'command-proposed':
      handleCommandProposed(draft, event);
      return;
    case 'sandbox-tried':
      draft.set({ sandbox: event.sandbox });
      return;
    case 'trouble-changed':
      handleTrouble(draft, event.trouble, event.fault);
      return;
    case 'disk-filled':
      noteDiskFull(draft, event.detail);
      return;
    case 'disk-looked-at':
      handleDiskLookedAt(draft, event.hasRoom);
      handleTick(draft);
      return;
    case 'agents-found':
      draft.set({ strays: event.runs });
      return;
    case 'clock-jumped':
      handleClockJumped(draft, event.byMs);
      return;
    case 'command-read':
      handleCommandRead(draft, event.id, event.read);
      return;
    case 'command-merged':
      handleCommandMerged(draft, event);
      return;
    case 'command-restacked':
      handleCommandRestacked(draft, event);
      return;
    case 'command-opened':
      handleCommandOpened(draft, event);
      return;
    case 'command-accepted':
      handleCommandAccepted(draft, event);
      return;
    case 'command-checked':
      handleCommandChecked(draft, event);
      return;
    case 'command-moved':
      handleCommandMoved(draft, event);
      return;
    case 'command-edited':
      handleCommandEdited(draft, event);
      return;
    case 'note-laid':
      handleNoteLaid(draft, event.id);
      return;
    case 'notes-seen':
      handleNotesSeen(draft, event);
      return;
    case 'command-kept':
      handleCommandKept(draft, event.id);
      return;
    case 'command-removed':
      forgetCommand(draft, event.id);
      return;
    case 'command-refused':
      handleCommandRefused(draft, event);
      return;
    case 'command-failed':
      handleCommandFailed(draft, event);
      return;
    case 'shutdown-asked':
      shutDown(draft);
      return;
    default:
      unreachable(event);
  }
}

/** Reported once, and once more when it is over. On a full disk only the disk is reported. */
function handleTrouble(draft: Draft, trouble: Trouble, fault: OutsideFault | null): void {
  if (fault !== null && isDiskFull(fault)) {
    noteDiskFull(draft, fault.message);
    return;
  }
  const message = fault?.message ?? null;
  if ((draft.board.troubles.get(trouble) ?? null) === message) return;
  const troubles = new Map(draft.board.troubles);
  if (message === null) troubles.delete(trouble);
  else troubles.set(trouble, message);
  draft.set({ troubles });
  draft.journal({ type: 'trouble', trouble, message });
}

/** Tasks that wait for each other would wait for ever. */
function settleCycles(draft: Draft): void {
  if (draft.board.loading.size > 0) return;
  for (const cycle of findCycles(draft.board.live)) {
    const shown = [...cycle, cycle[0]].join(' → ');
    for (const id of cycle) {
      const task = draft.task(id);
      if (task?.state !== 'queued') continue;
      const detail = `These tasks wait for each other: ${shown}. Remove one of the dependencies from one of their files, then retry each.`;
      settleFault(draft, task, { reason: 'dependency-cycle', detail });
    }
  }
}

/** Dependencies that finished before this start of the board are read when somebody waits for them. */
function readDependencies(draft: Draft): void {
  readVerdicts(draft, findUnreadDependencies(draft.board));
}

/** Whether the two boards look different to a person. */
function showsChange(before: Board, after: Board): boolean {
  return (
    before.live !== after.live ||
    before.finished !== after.finished ||
    before.inbox !== after.inbox ||
    before.passedOver !== after.passedOver ||
    before.hold !== after.hold ||
    before.disk !== after.disk ||
    before.troubles !== after.troubles ||
    before.unread !== after.unread ||
    before.boxAnswers !== after.boxAnswers ||
    before.notes !== after.notes ||
    before.userPaused !== after.userPaused ||
    before.grants !== after.grants ||
    before.shutdown !== after.shutdown ||
    before.sandbox !== after.sandbox ||
    before.settings !== after.settings ||
    before.settingsProblems !== after.settingsProblems
  );
}
