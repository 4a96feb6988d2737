import { expect, test } from 'vitest';
import { createRedactor } from '../../src/adapters/redaction/redactor.ts';
import { redactEvent } from '../../src/daemon/redact-event.ts';
import { emptyRunView, type RunView } from '../../src/domain/run.ts';
import type { TaskId } from '../../src/domain/task.ts';

const redact = createRedactor([{ DB_PASSWORD: 'hunter2-long-secret' }]);
const run = { task: 'a' as TaskId, n: 1 };

/** A run's view as the board gets it. */
function seen(view: Partial<RunView>): RunView {
  const news = redactEvent({ type: 'run-seen', run, view: { ...emptyRunView, ...view }, lastOutputAt: 0 }, redact);
  if (news.type !== 'run-seen') throw new Error('the news changed its kind');
  return news.view;
}

test('what a run lacked at its start is told without secrets', () => {
  const [warning] = seen({ warnings: ['the plugin "x": hunter2-long-secret is no path'] }).warnings;
  expect(warning).toMatch(/^the plugin "x": .* is no path$/);
  expect(warning).not.toContain('hunter2');
});

test('a session’s id stays as it is, and one that holds a secret counts as not told', () => {
  expect(seen({ sessionId: '0b7d2f7e-4a55', model: 'm' })).toMatchObject({ sessionId: '0b7d2f7e-4a55', model: 'm' });
  expect(seen({ sessionId: 'hunter2-long-secret', model: 'm' })).toMatchObject({ sessionId: null, model: 'm' });
});
