/** What a run's failure leads to: one retry in the same session that is told what went wrong, then the user. */
import { describe, expect, test } from 'vitest';

import { withBoard, type ClaudeBoard } from './board.ts';
import type { Reason } from '../../src/domain/run.ts';
import { nameReason } from '../../src/domain/reason-words.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import {
  bash,
  byPrompt,
  castParts,
  commit,
  deliver,
  finish,
  inTurns,
  report,
  write,
  type Ask,
  type Part,
} from './task-script.ts';

const task = { t: '---\ntitle: The task\n---\nWrite t.txt.\n' };

/** The second attempt went on with the first one's session and was told why. */
function expectRetried(board: ClaudeBoard, reason: string, told: string): void {
  expect(board.plan('t', 2)).toMatchObject({
    attempt: 2,
    session: { mode: 'resume', id: board.plan('t', 1).session.id },
    cause: { kind: 'failed', fault: { reason } },
  });
  expect(board.read('runs', 't', '2', 'prompt.md')).toContain(told);
}

/** After its second failure the task waits for the user, who is shown why and how to go on. */
function expectAttention(board: ClaudeBoard, reason: Reason, shown: string): void {
  expect(board.column('attention')).toEqual(['t']);
  expect(board.countRuns('t')).toBe(2);
  expect(board.task('t')).toMatchObject({ column: 'attention', reason, attempt: 2 });
  expect(board.dashboard).toContain(`### The task (\`t\`): failed twice: ${nameReason(reason)}`);
  expect(board.dashboard).toContain(shown);
  expect(board.dashboard).toContain('[log](runs/t/2/stream.jsonl)');
  expect(board.dashboard).toContain('- [ ] Try again <!-- retry t attention 2 -->');
  expect(board.read('attention', 't.md')).toContain(`**Waits for you: ${nameReason(reason)}**`);
  expect(board.findAgentProcesses()).toEqual([]);
}

async function runTask(part: Part, config: string, check: (board: ClaudeBoard, code: number | null) => void) {
  await withBoard({ script: castParts({ t: part }), config }, async (board) => {
    board.drop(task);
    const { code } = await board.runUntilIdle();
    check(board, code);
  });
}

describe.concurrent('an agent that fails twice ends with the user', { timeout: boardTestTimeoutMs }, () => {
  test('every tool was denied, though the agent exits with 0 and says that it is done', async () => {
    const part = inTurns(bash('npm test'), write('../../../outside.txt', 'no'), finish('All done.'));
    await runTask(part, 'sandbox: off', (board, code) => {
      expect(code).toBe(3);
      expect(board.record('t', 1)).toMatchObject({
        exit: {
          exitCode: 0,
          view: {
            denials: [
              { tool: 'Bash', call: 'npm test' },
              { tool: 'Write', by: 'outside' },
            ],
            result: { isError: false, report: { status: 'done' } },
          },
        },
        outcome: { kind: 'failed', fault: { reason: 'permission-denied' } },
      });
      expectRetried(board, 'permission-denied', 'Tools were refused');
      expectAttention(board, 'permission-denied', '`verify: [npm test]` or `allowed_tools: ["Bash(npm test)"]`');
    });
  });

  test('its budget was used up', async () => {
    const part = inTurns(bash('git status'), bash('git log'));
    await runTask(part, 'budget_usd: 0.0001', (board, code) => {
      expect(code).toBe(3);
      expect(board.record('t', 1).exit.view.result).toMatchObject({ subtype: 'error_max_budget_usd', isError: true });
      expectRetried(board, 'budget', 'The budget was used up.');
      expectAttention(board, 'budget', 'Reached maximum budget');
    });
  });

  test('the API never answered', async () => {
    await runTask(
      () => ({ hang: true }),
      'stall_after: 3s',
      (board, code) => {
        expect(code).toBe(3);
        expect(board.record('t', 1).exit.stopped).toBe('stalled');
        expect(board.plan('t', 2)).toMatchObject({ attempt: 2, cause: { fault: { reason: 'stalled' } } });
        expectAttention(board, 'stalled', 'It printed nothing for too long and was ended.');
      },
    );
  });

  test('it committed nothing and gave no reason', async () => {
    await runTask(inTurns(finish('All done.')), '', (board, code) => {
      expect(code).toBe(3);
      expectRetried(board, 'no-changes', 'There was no commit of this task on its branch.');
      expectAttention(board, 'no-changes', 'holds no commit of it');
    });
  });

  test('it says itself that it failed', async () => {
    const part = inTurns(() => ({ tools: [report('failed', 'The library is not there.')] }));
    await runTask(part, '', (board, code) => {
      expect(code).toBe(3);
      expectRetried(board, 'agent-error', 'The library is not there.');
      expectAttention(board, 'agent-error', 'The library is not there.');
    });
  });

  test('root may not bypass permissions, and the line on stderr that says so is shown', async () => {
    const part = deliver('t.txt', 't\n');
    await runTask(part, 'permission_mode: bypassPermissions', (board, code) => {
      const isRoot = process.getuid?.() === 0;
      expect(code).toBe(isRoot ? 3 : 0);
      if (isRoot) {
        expect(board.record('t', 1).exit).toMatchObject({ exitCode: 1, view: { result: null } });
        expectAttention(board, 'no-result', 'cannot be used with root/sudo privileges');
        expect(board.api.requests).toEqual([]);
      } else {
        expect(board.column('done')).toEqual(['t']);
      }
    });
  });
});

describe.concurrent('an agent that fails once is told why and goes on', { timeout: boardTestTimeoutMs }, () => {
  test('its turns were used up', async () => {
    const part = byPrompt(inTurns(write('t.txt', 't\n'), commit('add t')), inTurns(finish('It is all there.')));
    await withBoard({ script: castParts({ t: part }) }, async (board) => {
      board.drop({ t: '---\nmax_turns: 2\n---\nWrite t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.record('t', 1)).toMatchObject({
        exit: { exitCode: 1, view: { result: { subtype: 'error_max_turns', isError: true } } },
        outcome: { kind: 'failed', fault: { reason: 'max-turns' } },
      });
      expectRetried(board, 'max-turns', 'The turns were used up.');
      expect(board.task('t')).toMatchObject({ column: 'done', attempt: 2, commits: 1 });
    });
  });

  test('its work was not committed', async () => {
    const part = byPrompt(
      inTurns(write('t.txt', 't\n'), finish('Wrote it.')),
      inTurns(commit('add t'), finish('Committed it.')),
    );
    await runTask(part, '', (board, code) => {
      expect(code).toBe(0);
      expectRetried(board, 'uncommitted', 'Files were left uncommitted.');
      expect(board.read('runs', 't', '2', 'prompt.md')).toContain('t.txt');
      expect(board.task('t')).toMatchObject({ column: 'done', attempt: 2, commits: 1, summary: 'Committed it.' });
      expect(board.git('show', 'task/t:t.txt')).toBe('t');
    });
  });

  test('its work did not pass its check, which it may run itself', async () => {
    const checks: string[] = [];
    const read = ({ worktree }: Ask) => ({ tools: [{ name: 'Read', input: { file_path: `${worktree}/t.txt` } }] });
    const mend = ({ worktree, results }: Ask) => {
      checks.push(results.map(({ text }) => text).join('\n'));
      const input = { file_path: `${worktree}/t.txt`, old_string: 'wrong', new_string: 'right' };
      return { tools: [{ name: 'Edit', input }] };
    };
    const part = byPrompt(
      inTurns(write('t.txt', 'wrong\n'), commit('add t'), finish('Wrote it.')),
      inTurns(read, bash('node check.mjs'), mend, commit('mend t'), finish('Mended it.')),
    );
    const check = `import { readFileSync } from 'node:fs';
if (readFileSync('t.txt', 'utf8') === 'right\\n') process.exit(0);
console.error('t.txt is not right');
process.exit(1);
`;
    const config = 'sandbox: off\ntask_rights: { verify: node check.mjs }';
    await withBoard({ script: castParts({ t: part }), files: { 'check.mjs': check }, config }, async (board) => {
      board.drop({ t: '---\nverify: node check.mjs\n---\nWrite t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expectRetried(board, 'verify-failed', 't.txt is not right');
      expect(checks).toEqual([expect.stringContaining('t.txt is not right')]);
      expect(board.record('t', 2).exit.view.denials).toEqual([]);
      expect(board.task('t')).toMatchObject({ column: 'done', attempt: 2, commits: 2, summary: 'Mended it.' });
      expect(board.dashboard).toContain('checks passed');
    });
  });
});

describe.concurrent('an agent that gives no structured result', { timeout: boardTestTimeoutMs }, () => {
  test('is done if its commits show it', async () => {
    const part = inTurns(write('t.txt', 't\n'), commit('add t'), () => ({ say: 'Wrote t.txt and left it at that.' }));
    await runTask(part, '', (board, code) => {
      expect(code).toBe(0);
      expect(board.record('t', 1).exit).toMatchObject({ exitCode: 0, view: { result: { report: null } } });
      expect(board.task('t')).toMatchObject({
        column: 'done',
        attempt: 1,
        commits: 1,
        summary: 'Wrote t.txt and left it at that.',
      });
    });
  });
});
