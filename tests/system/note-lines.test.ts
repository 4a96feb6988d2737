/** Lines of User Notes to one task: told to its agent at work, or carried out; what the user typed stays as it is. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask } from './board.ts';

test.concurrent(
  'reach an agent at work once, are commands where they are exactly those words, and say what became of them',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      board.drop({
        'job.md': writeTask('Job', ['say begun', `wait-for ${board.gate('go')}`, ...addFile('job.txt')]),
        'done.md': writeTask('Done', addFile('done.txt')),
        'later.md': writeTask('Later', addFile('later.txt'), { depends_on: '[nobody]' }),
      });
      const running = await board.start();
      await board.arrive('done', 'done');
      await waitUntil('the agent at work', () => board.dashboard.includes('## Active: Job'));
      const typed = '\n@job: use "v2"; `$HOME`\n\n- @later: priority high\n- @done: one more thing\n- @nobody: x\n';
      appendFileSync(board.path('DASHBOARD.md'), typed);
      await waitUntil('the note', () => board.dashboard.includes('**Your note**: "use "v2"; `$HOME`" (not read yet)'));
      await waitUntil('the priority', () => /priority: high/.test(board.read('queued', 'later.md')));
      const kept =
        'Your note “one more thing” came too late for its agent. To send the work back with it: tick “Send back”';
      await waitUntil('what became of them', () => board.dashboard.includes(kept));
      expect(board.dashboard).toContain('@later: priority high: its priority is high now');
      board.open('go');
      await board.arrive('done', 'job');
      expect(board.read('runs', 'job', '1', 'stream.jsonl').match(/A note from the user/g)).toHaveLength(1);
      expect(board.dashboard.endsWith(typed)).toBe(true);
      const settled = board.happened('command').map(({ by, command: { kind }, outcome }) => `${by} ${kind} ${outcome}`);
      expect(settled.sort()).toEqual(['dashboard note done', 'dashboard note done', 'dashboard set-priority done']);
      expect((await board.stop(running)).code).toBe(0);

      const again = await board.start();
      await waitUntil('the board', () => board.dashboard.includes('_Running'));
      expect(board.happened('command')).toHaveLength(3);
      // One tick sends it, and it is told once, though the line stands there still.
      const find = () => board.dashboard.split('\n').find((line) => /^- \[ \] .*<!-- send-back done /.test(line)) ?? '';
      await waitUntil('the box', () => find() !== '');
      const box = find();
      writeFileSync(board.path('DASHBOARD.md'), board.dashboard.replace(box, box.replace('[ ]', '[x]')));
      await waitUntil('it is no news', () => board.has('done', 'done') && !board.dashboard.includes(kept));
      expect(board.read('runs', 'done', '2', 'prompt.md').match(/one more thing/g)).toHaveLength(1);
      expect((await board.stop(again)).code).toBe(0);
    }),
);
