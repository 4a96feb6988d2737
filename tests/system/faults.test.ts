/** A fault of the board's own: everybody is told that the board has stopped and why, and agents go on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { boardTestTimeoutMs, withBoard, withPatience, writeTask, addFile } from './board.ts';
import { faultMessage, injectFault } from './faults.ts';

test.concurrent(
  'a fault is told by the dashboard, the history, queue.json and notify',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      const notified = board.gate('notified');
      const script = board.gate('notify');
      writeFileSync(script, `echo "$BRANCHBOARD_EVENT: $BRANCHBOARD_DETAIL" >> ${notified}\n`);
      board.write('local.yaml', `notify: sh ${script}\n`);
      board.drop({ 'broken.md': writeTask('Broken', addFile('a.txt')) });
      const running = board.launch(['start'], { env: injectFault(board) });
      const { code, stderr } = await withPatience(running.ended, 'the end of the board');
      expect(code).toBe(1);
      expect(stderr).toContain(faultMessage);
      expect(board.dashboard).toContain(`_Stopped by a fault: ${faultMessage} · `);
      expect(board.data.daemon).toEqual({ running: false, pid: null });
      expect(board.happened('board-stopped').map(({ fault }) => fault)).toEqual([faultMessage]);
      expect(readFileSync(notified, 'utf8')).toBe(`stopped: ${faultMessage}\n`);
    }),
);
