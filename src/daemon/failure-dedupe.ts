/**
 * Decides which failures of effects the history tells. A retried one's failure is reported once; again only if the message
 * changes or it succeeded in between.
 */
import type { OutsideFault } from '../domain/outside-answers.ts';
import { taskOf, type Effect } from '../domain/effect.ts';
import { effectTraits } from '../domain/effect-traits.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** See the file's head. */
export class FailureDedupe {
  readonly #told = new Map<string, string>();

  /** Whether a failure is news; from now on it is not, until the effect fails in another way or succeeds. */
  isNews(effect: Effect, message: string): boolean {
    const { told } = effectTraits[effect.type];
    if (told !== 'once') return told === 'always';
    const name = nameEffect(effect);
    const isNews = this.#told.get(name) !== message;
    this.#told.set(name, message);
    return isNews;
  }

  /** The effect succeeded, so its next failure is reported. */
  forget(effect: Effect): void {
    this.#told.delete(nameEffect(effect));
  }
}

function nameEffect(effect: Effect): string {
  if ('file' in effect) return `${effect.type} ${effect.file.column}/${effect.file.name}`;
  return 'id' in effect ? `${effect.type} ${effect.id}` : effect.type;
}

/** The event that tells the failure, with the task or the command that it belongs to. */
export function describeFailure(effect: Effect, fault: OutsideFault): UntimedEvent {
  const command = 'id' in effect ? { command: effect.id } : {};
  return { type: 'effect-failed', task: taskOf(effect), ...command, effect: effect.type, fault };
}

/** The event that stands in for the effect's result, for the task or the command that waits for it. */
export function answerFailure(effect: Effect, fault: OutsideFault): readonly UntimedEvent[] {
  switch (effect.type) {
    case 'take-in': {
      const { path, identity } = effect;
      return [{ type: 'taken-in', path, identity, outcome: { kind: 'failed', fault } }];
    }
    case 'load-task':
      return [{ type: 'task-unread', file: effect.file, why: fault.message }];
    case 'move-for-command':
    case 'edit-for-command':
    case 'send-back-for-command':
    case 'discard-for-command':
    case 'merge-for-command':
    case 'restack-for-command':
    case 'pr-for-command':
    case 'open-for-command':
    case 'accept-for-command':
    case 'check-for-command':
    case 'lay-note':
    case 'write-pause':
      return [{ type: 'command-failed', id: effect.id, fault }];
    default:
      return [];
  }
}
