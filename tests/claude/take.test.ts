/** `take` on a terminal, with the real agent: the user talks in its session, which then goes on without them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { boardTestTimeoutMs, waitUntil } from '../patience.ts';
import { withBoard } from './board.ts';
import { madeUpKey, type ApiRequest, type Reply } from './messages-api.ts';
import { castParts, commit, finish, inTurns, write } from './task-script.ts';

const said = 'Mind the tests, says the user.';

/** The agent hangs until its user came, answers them, and does its work once it has the session back. */
function script(request: ApiRequest): Reply | Promise<Reply> {
  const told = JSON.stringify(request.messages);
  if (told.includes('The user asks you to try again.')) return castParts({ a: goOn })(request);
  if (told.includes(said)) return { say: 'I hear you.' };
  return castParts({ a: inTurns(write('a.txt', 'a\n'), () => new Promise(() => undefined)) })(request);
}
const goOn = inTurns(commit('add a'), finish('Added a.'));

test(
  'the session of an agent at work is gone on with by hand, and then by its agent',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({ script }, async (board) => {
      const answered = {
        ...{ hasCompletedOnboarding: true, theme: 'dark' },
        customApiKeyResponses: { approved: [madeUpKey.slice(-20)], rejected: [] },
        projects: { [join(`${board.repo}.worktrees`, 'a')]: { hasTrustDialogAccepted: true } },
      };
      writeFileSync(join(board.home, '.claude.json'), JSON.stringify(answered));
      await board.add({ a: 'Write a.txt.\n' });
      const daemon = board.launch('start');
      await waitUntil('its agent is at work', () => board.api.requests.length === 2);

      const user = board.launchInTerminal('take', 'a');
      const shown = (text: string) =>
        waitUntil(text, () => stripVTControlCharacters(user.output()).includes(text)).catch((error: unknown) => {
          throw new Error(`${String(error)}:\n${stripVTControlCharacters(user.output())}`);
        });
      await shown('❯');
      expect(board.findAgentProcesses()).toEqual([]);
      user.type(said);
      user.type('\r');
      await shown('I hear you.');
      expect(board.task('a')).toMatchObject({ column: 'attention', reason: 'taken' });
      user.type('/exit');
      user.type('\r');
      await shown('[d/g/L]');
      user.type('g\n');
      expect((await user.ended).code).toBe(0);

      await waitUntil('it is done', () => board.column('done').includes('a'));
      expect(board.plan('a', 2).session).toEqual({ mode: 'resume', id: board.plan('a', 1).session.id });
      const last = JSON.stringify(board.api.requests.at(-1)?.messages);
      for (const part of [said, 'I hear you.', 'The user took your session over']) expect(last).toContain(part);
      daemon.signal('SIGTERM');
      await daemon.ended;
    }),
);
