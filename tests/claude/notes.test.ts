/** Notes of the user's reach the real agent while it works, once, whether or not a board runs then. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { withBoard, type ClaudeBoard } from './board.ts';
import { boardTestTimeoutMs, waitUntil } from '../patience.ts';
import { byPrompt, castParts, commit, finish, inTurns, write, type Ask } from './task-script.ts';
import type { Reply } from './messages-api.ts';

/** A door of a script: its step waits until it is opened. */
function makeDoor() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const behind = (step: (ask: Ask) => Reply) => async (ask: Ask) => {
    await opened;
    return step(ask);
  };
  return { behind, open: () => open() };
}

/** How often a text stands in what the model was sent last. */
function countTold(board: ClaudeBoard, text: string): number {
  return JSON.stringify(board.api.requests.at(-1)?.messages).split(text).length - 1;
}

describe('notes to an agent at work', { timeout: boardTestTimeoutMs }, () => {
  test('are told after its next tool call, once, with no board; one that comes too late is told by its next run', async () => {
    const [first, last] = [makeDoor(), makeDoor()];
    // More than a pipe holds, which the script never reads.
    const large = write('b.txt', 'b'.repeat(200_000));
    const script = castParts({
      a: byPrompt(
        inTurns(write('a.txt', 'a\n'), first.behind(large), commit('add both'), last.behind(finish('Added a.'))),
        finish('Saw it.'),
      ),
    });
    await withBoard({ script }, async (board) => {
      await board.add({ a: 'Write a.txt.\n' });
      const killed = board.launch('start');
      await waitUntil('the second request', () => board.api.requests.length === 2);
      expect((await board.cli('note', 'a', 'Use the "existing" table; $HOME `x` \'y\'.')).output).toBe(
        'a: its agent is told after its next tool call\n',
      );
      await waitUntil('the note on the dashboard', () => board.dashboard.includes('Your note'));
      expect(board.dashboard).toMatch(/\*\*Your note\*\*: "Use the .*" \(not read yet\)/);
      killed.signal('SIGKILL');
      await killed.ended;
      first.open();
      await waitUntil('the last request', () => board.api.requests.length === 4);
      const mark = board.read('runs', 'a', 'notes', 'mark');
      expect(board.read('runs', 'a', '1', 'prompt.md')).toContain(`carries the mark \`${mark}\``);
      expect(countTold(board, `<note-${mark}-`)).toBe(1);
      expect(countTold(board, "table; $HOME `x` 'y'.")).toBe(1);

      const daemon = board.launch('start', '--until-idle');
      await waitUntil('the note read', () => /\(read \d\d:\d\d\)/.test(board.dashboard));
      expect((await board.cli('note', 'a', 'Too late.')).code).toBe(0);
      last.open();
      expect((await daemon.ended).code).toBe(0);
      expect(board.dashboard).toMatch(/Your note “Too late\.” came too late .*`branchboard send-back a`/);
      expect((await board.cli('note', 'a', 'More.')).output).toMatch(/is done, and the note waits/);
      expect(board.dashboard).toContain('Your note “More.” came too late');

      await board.cli('send-back', 'a');
      expect((await board.runUntilIdle()).code).toBe(0);
      expect([countTold(board, 'Too late.'), countTold(board, 'More.')]).toEqual([1, 1]);
      expect(countTold(board, 'table; $HOME')).toBe(1);
      expect(readdirSync(board.path('runs', 'a', 'notes')).map((name) => name.replace(/^[\d-]+[0-9a-f]*/, ''))).toEqual(
        ['.read', '.told-2', '.told-2', 'mark'],
      );
    });
  });
});
