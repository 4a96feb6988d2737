/** The meaning of each kind of effect beside what it does: where it is performed, who waits for it, and what its failure leads to. */
import type { Phase } from './board.ts';
import type { EffectKind } from './effect.ts';

/** See the file's head. */
export interface EffectTraits {
  /**
   * The effects that it is performed after. `task`: all earlier ones of its task. `file`: all earlier ones of the task
   * whose file it reads, and it takes one of the places for reads. `board`: the
   * earlier ones about the board's own facts, since the last write must stay and commands keep their order. `none`: none.
   */
  readonly lane: 'task' | 'file' | 'board' | 'none';
  /**
   * The stages of a task that go on once it is done, so that its failure drops the rest of its batch. One that no phase
   * waits for is a batch of its own.
   */
  readonly phases: readonly (Phase['name'] | 'settling')[];
  /** How often its failure is told: each time, once until it fails in another way or succeeds, or never. */
  readonly told: 'always' | 'once' | 'never';
  /**
   * What else its failure leads to. `answered`: an event of its own says so to whoever waits for it. `again`: it is tried
   * until it succeeds. `trouble`: it counts as something that the board does all the time and can't.
   */
  readonly failure: 'nothing' | 'answered' | 'again' | 'trouble';
}

const ofNobody = { phases: [], told: 'always', failure: 'nothing' } as const;
const ofTask = { lane: 'task', told: 'always', failure: 'nothing' } as const;

/** The table: a new kind of effect does not compile until it is in here. */
export const effectTraits: Readonly<Record<EffectKind, EffectTraits>> = {
  'take-in': { lane: 'none', phases: [], told: 'never', failure: 'answered' },
  'load-task': { lane: 'file', phases: [], told: 'once', failure: 'answered' },
  'read-task': { ...ofNobody, lane: 'none' },
  'read-verdicts': { lane: 'none', phases: [], told: 'once', failure: 'again' },
  'plan-run': { ...ofTask, phases: ['planning'] },
  'move-task': { ...ofTask, phases: ['preparing', 'settling'] },
  'prepare-workspace': { ...ofTask, phases: ['preparing'] },
  'start-run': { ...ofTask, phases: ['preparing'] },
  'stop-run': { ...ofNobody, lane: 'task' },
  'inspect-work': { ...ofTask, phases: ['inspecting'] },
  'keep-work': { ...ofTask, phases: ['planning', 'settling'] },
  'release-workspace': { ...ofTask, phases: ['planning', 'settling'] },
  'keep-resolution': { ...ofTask, phases: ['planning', 'settling'] },
  'write-report': { ...ofTask, phases: ['settling'] },
  'record-exit': { ...ofTask, phases: ['planning', 'settling'] },
  'write-verdict': { ...ofTask, phases: ['settling'] },
  'write-review': { ...ofTask, phases: ['planning', 'inspecting', 'settling'] },
  'ask-command': { ...ofTask, phases: ['settling'] },
  'tell-story': { ...ofTask, phases: ['settling'] },
  'read-ends': { ...ofNobody, lane: 'none' },
  'prune-task': { ...ofNobody, lane: 'task' },
  'drop-grant': { ...ofNobody, lane: 'task' },
  'read-command': { lane: 'board', phases: [], told: 'once', failure: 'again' },
  'move-for-command': { lane: 'none', phases: [], told: 'never', failure: 'answered' },
  'edit-for-command': { lane: 'none', phases: [], told: 'never', failure: 'answered' },
  'send-back-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'discard-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'merge-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'restack-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'pr-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'open-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'accept-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'check-for-command': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  // In its task's lane, so that a run that is being started either tells it or finds it told.
  'lay-note': { lane: 'task', phases: [], told: 'never', failure: 'answered' },
  'look-at-notes': { lane: 'none', phases: [], told: 'once', failure: 'nothing' },
  'write-pause': { lane: 'board', phases: [], told: 'never', failure: 'answered' },
  'settle-command': { lane: 'none', phases: [], told: 'once', failure: 'again' },
  'write-hold': { lane: 'board', phases: [], told: 'once', failure: 'nothing' },
  'look-at-disk': { ...ofNobody, lane: 'none' },
  'set-aside': { lane: 'task', phases: [], told: 'once', failure: 'nothing' },
  'end-stray': { ...ofNobody, lane: 'task' },
  journal: { lane: 'none', phases: [], told: 'never', failure: 'trouble' },
};
