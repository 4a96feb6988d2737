/** Reasons in words: the codes are for scripts. */
import type { Reason } from './run.ts';

const reasonWords: Readonly<Record<Reason, string>> = {
  'agent-error': 'its agent reported an error',
  'no-result': 'its agent ended without a result',
  'no-changes': 'it changed nothing',
  uncommitted: 'it left work uncommitted',
  'commit-failed': 'its commit failed',
  'permission-denied': 'what it needs was refused',
  'verify-failed': 'its checks failed',
  stalled: 'nothing was heard of it',
  timeout: 'its time was used up',
  'max-turns': 'its turns were used up',
  budget: 'its budget was used up',
  'output-limit': 'it printed without end',
  'setup-failed': 'it could not be set up',
  'dependency-conflict': 'the work it builds on does not go together',
  'merge-conflict': 'its branch can no longer be merged',
  'dependency-cycle': 'it waits for itself',
  question: 'it has a question',
  'spawn-failed': 'its agent could not be started',
  interrupted: 'it was interrupted',
  stopped: 'it was stopped',
  taken: 'you took it over',
};

/** Such as `its checks failed`. */
export function nameReason(reason: Reason): string {
  return reasonWords[reason];
}

const outcomeWords: ReadonlyMap<string, string> = new Map(Object.entries(reasonWords));

/** The words for a run's outcome as the history tells it: a reason, or a word that says itself, such as `done`. */
export function nameOutcome(outcome: string): string {
  return outcomeWords.get(outcome) ?? outcome;
}
