/** Proposes a task's work as a pull request. The review says so before anybody is told. */
import type { Effect } from '../domain/effect.ts';
import type { PullRequests } from '../domain/pull-request.ts';
import { isUnreadable } from '../domain/task-facts.ts';
import { composePullBody, composePullTitle } from '../markdown/pull-text.ts';
import type { BoardFiles } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** See the file's head. `command-proposed` or `command-refused`. Throws what the ports throw. */
export async function proposeWork(
  {
    files,
    pulls,
    redact,
  }: {
    readonly files: Pick<BoardFiles, 'readReview' | 'writeReview'>;
    readonly pulls: PullRequests;
    readonly redact: (text: string) => string;
  },
  { id, task, work, words }: Effect & { readonly type: 'pr-for-command' },
): Promise<UntimedEvent> {
  const title = redact(composePullTitle(words.title));
  const outcome = await pulls.propose({ ...work, task, title, body: redact(composePullBody(task, words)) });
  if (outcome.kind === 'refused') {
    return { type: 'command-refused', id, why: redact(`was not proposed: ${outcome.why}`), hint: outcome.hint };
  }
  const review = await files.readReview(task);
  if (review !== null && !isUnreadable(review)) await files.writeReview(task, { ...review, pull: outcome.pull });
  return { type: 'command-proposed', id, outcome };
}
