/** The real planner proposes tasks as data: a plan that can't be one is told to it once, then its user accepts it. */
import { describe, expect, test } from 'vitest';

import { boardTestTimeoutMs } from '../patience.ts';
import { withBoard } from './board.ts';
import { triedVersions } from './messages-api.ts';
import { byPrompt, castParts, commit, deliver, finish, inTurns, report, write } from './task-script.ts';

const subtask = (id: string, ...dependsOn: readonly string[]) => ({
  ...{ id, title: `Do ${id}`, body: `Write ${id}.txt.`, depends_on: dependsOn, touches: [`${id}.txt`] },
});
const plan = (...subtasks: readonly unknown[]) => [report('done', 'Cut in two.', { subtasks })];
const propose = { name: 'mcp__branchboard-run__propose_task', input: subtask('later') };

describe.each(triedVersions)('a plan (Claude Code %s)', { timeout: boardTestTimeoutMs }, (version) => {
  test('is checked, told once what is wrong with it, accepted by its user, and carried out', async () => {
    const script = castParts({
      shop: byPrompt(
        () => ({ say: 'The report.', tools: plan(subtask('one', 'two'), subtask('two', 'one')) }),
        () => ({ say: 'The report.', tools: plan(subtask('one'), subtask('two', 'one')) }),
      ),
      one: deliver('one.txt', '1\n'),
      two: inTurns(() => ({ tools: [propose] }), write('two.txt', '2\n'), commit('add two'), finish('Added two.')),
    });
    await withBoard({ script, version }, async (board) => {
      await board.add({ shop: '---\nagent: planner\n---\nPlan the shop.\n' });
      expect((await board.runUntilIdle()).code).toBe(3);
      expect(board.api.requests.some(({ text }) => text.includes('These subtasks wait for each other: one, two'))).toBe(
        true,
      );
      expect([board.column('attention'), board.countRuns('shop')]).toEqual([['shop'], 2]);
      expect((await board.cli('accept', 'shop')).output).toBe('shop: taken in: one, two\n');
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.column('done')).toEqual(['one', 'shop', 'two']);
      expect(board.dashboard).toContain('- [ ] Take in `later`: Do later <!-- accept two done 1 #1 -->');
    });
  });
});
