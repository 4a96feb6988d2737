/** A board that an earlier version wrote opens and goes on in this one: nothing is lost, and each start is from the right commit. */
import { readdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { needsAttention } from '../../src/core/schedule.ts';
import { boardNames, endPlaces, PinnedBoard, removeHome } from './pinned-board.ts';

afterAll(removeHome);

test.each(boardNames)('the board %s opens and goes on from where it was', async (name) => {
  const board = new PinnedBoard(name);
  try {
    const [refs, history] = [board.refs(), board.history()];
    const facts = [
      'page/verdict.json',
      'old/verdict.json',
      'asker/verdict.json',
      'page/1/plan.json',
      'busy/1/plan.json',
    ];
    const written = facts.map((fact) => board.read('runs', fact));
    await board.runUntilIdle();

    expect(board.places()).toEqual(endPlaces);
    expect(board.listLost(refs)).toEqual([]);
    expect(board.contains('task/next', refs.get('refs/heads/task/page'))).toBe(true);
    expect(board.contains('task/rights', refs.get('refs/heads/task/old'))).toBe(true);
    expect(board.contains('task/later', board.git('rev-parse', 'task/busy'))).toBe(true);
    expect(board.git('ls-tree', '--name-only', 'task/busy')).toContain('half.txt');
    expect(facts.map((fact) => board.read('runs', fact))).toEqual(written);

    expect(board.history().startsWith(history)).toBe(true);
    expect(board.history()).not.toContain("can't be understood");
    // Runs that were under way go on in their sessions, at no attempt's cost.
    for (const id of ['busy', 'limited']) {
      const plan: unknown = JSON.parse(board.read('runs', id, '2', 'plan.json'));
      expect(plan).toMatchObject({ attempt: 1, session: { mode: 'resume' } });
    }
    expect(readdirSync(board.path('grants'))).toContain('rights.json');
    const dashboard = board.read('DASHBOARD.md');
    expect(dashboard).toContain('Tabs, please; and no semicolons.');
    expect(dashboard).toContain('> Red or blue?');
    expect(dashboard).toMatch(/`broken`\): failed twice: its agent reported an error/);
    expect(dashboard).toMatch(/`clash`\): the work it builds on does not go together/);
    expect(dashboard).toMatch(/`merged`, developer\) · merged|^(?![^]*`merged`)/);
    expect(dashboard).toMatch(/### The scout \(`scout`\)\nReport/);
    expect(dashboard).toContain('`.orchestrator/inbox/bad.md:3:1`');
    expect(board.board !== null && needsAttention(board.board)).toBe(true);
    expect(board.notices).toEqual([expect.stringMatching(/^New worktrees are made in .*repo\.worktrees\./)]);
  } finally {
    board.remove();
  }
});
