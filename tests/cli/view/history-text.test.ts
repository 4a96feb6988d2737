import { expect, test } from 'vitest';
import { makeCommandId } from '../../../src/domain/command.ts';
import { formatHistory } from '../../../src/cli/view/history-text.ts';
import type { HistoryEntry } from '../../../src/domain/history.ts';
import { taskId } from '../../adapters/files/scratch.ts';

const task = taskId('add-auth');
const run = { task, n: 2 };
const diagnostics = [
  { severity: 'error', file: 'a.md', line: 2, column: 3, message: 'wrong', expected: 'right', hint: 'Do it.' },
  { severity: 'warning', file: 'b.md', message: 'odd' },
] as const;

const cases: readonly (readonly [HistoryEntry, string])[] = [
  [{ at: 0, type: 'board-started' }, 'board started'],
  [{ at: 0, type: 'board-stopped' }, 'board stopped'],
  [{ at: 0, type: 'board-stopped', fault: 'x is not iterable' }, 'board stopped by a fault: x is not iterable'],
  [{ at: 0, type: 'task-accepted', task, title: 'Add\nauth', origin: 'dropped' }, 'add-auth: accepted (Add auth)'],
  [
    { at: 0, type: 'task-asks', task, keys: ['permission_mode', 'verify'] },
    'add-auth: waits: its file asks for more than it may (permission_mode, verify); branchboard show add-auth says what, branchboard grant add-auth grants it',
  ],
  [
    { at: 0, type: 'inbox-rejected', name: 'a.md', diagnostics },
    'refused: a.md:2:3: wrong; expected right. Do it.\nrefused: b.md: odd',
  ],
  [
    { at: 0, type: 'inbox-repeated', name: 'a.md', task },
    'add-auth: dropped once more, unchanged; it is queued already',
  ],
  [
    {
      ...{ at: 0, type: 'command', id: null, by: 'file-move', outcome: 'done' },
      ...{ command: { kind: 'cancel', task }, said: 'deleted from active/' },
    },
    'add-auth: cancel (asked by moving its file): deleted from active/',
  ],
  [
    {
      ...{ at: 0, type: 'command', id: null, by: 'cli', outcome: 'not-now' },
      ...{ command: { kind: 'retry', task }, said: 'add-auth is queued already' },
    },
    'add-auth: retry (asked on the command line) was refused: add-auth is queued already',
  ],
  [
    {
      ...{ at: 0, type: 'command', id: null, by: 'dashboard', outcome: 'done' },
      ...{ command: { kind: 'pause' }, said: 'no new starts' },
    },
    'pause (asked on the dashboard): no new starts',
  ],
  [
    { at: 0, type: 'run-planned', run, attempt: 2, cause: 'failed', session: 'resume' },
    'add-auth: attempt 2 (failed, resume session)',
  ],
  [{ at: 0, type: 'run-started', run, setAside: [] }, 'add-auth: run 2 started'],
  [
    { at: 0, type: 'run-started', run, setAside: ['.mcp.json', 'CLAUDE.md'] },
    'add-auth: run 2 started; its branch changes .mcp.json, CLAUDE.md, which count as they stand in the base',
  ],
  [
    { at: 0, type: 'run-warned', run, warnings: ['the MCP server "a\nb" did not start', 'more'] },
    'add-auth: warning: the MCP server "a b" did not start\nadd-auth: warning: more',
  ],
  [
    { at: 0, type: 'pruned', tasks: [task, taskId('b')], worktrees: 1, runs: 3, bytes: 3_100_000, refs: 2 },
    'removed what was kept of add-auth, b, merged or put away for longer than `keep`: logs of 3 runs (3.1 MB), 2 internal refs, 1 worktree',
  ],
  [{ at: 0, type: 'run-stopping', run, cause: 'timeout' }, 'add-auth: run 2 is being stopped (timeout)'],
  [
    { at: 0, type: 'run-ended', run, plannedAt: 0, outcome: 'done', detail: '', costUsd: 1.5, workedMs: 61_000 },
    'add-auth: run 2 ended: done · 1 min · $1.50',
  ],
  [
    { at: 0, type: 'run-ended', run, plannedAt: 0, outcome: 'agent-error', detail: 'no\nway', costUsd: 0, workedMs: 0 },
    'add-auth: run 2 ended: its agent reported an error · 0 s · $0.00 · no way',
  ],
  [
    { at: 0, type: 'task-settled', task, column: 'attention', detail: 'verify-failed' },
    'add-auth: → attention/ (its checks failed)',
  ],
  [{ at: 0, type: 'task-settled', task, column: 'done', detail: 'text' }, 'add-auth: → done/'],
  [
    { at: 0, type: 'held', reason: 'usage-limit', until: new Date(1970, 0, 9, 10, 30).getTime(), detail: 'Weekly.' },
    'no new starts: the usage limit is reached; again at 1970-01-09 10:30:00 (branchboard resume tries at once): Weekly.',
  ],
  [
    { at: 0, type: 'held', reason: 'auth', until: null, detail: 'Log in.' },
    'no new starts: not logged in → claude, /login (branchboard resume tries at once): Log in.',
  ],
  [
    { at: 5_000, type: 'held', reason: 'overload', until: 5_000, detail: 'Busy.' },
    'starts were held: the service is overloaded; one task tries now: Busy.',
  ],
  [{ at: 0, type: 'hold-lifted', reason: 'auth' }, 'new starts again (over: not logged in)'],
  [{ at: 0, type: 'settings-changed', problems: [] }, 'settings read again'],
  [
    { at: 0, type: 'settings-changed', problems: diagnostics },
    'settings stay as they were: a.md:2:3: wrong; expected right. Do it.\nsettings stay as they were: b.md: odd',
  ],
  [{ at: 0, type: 'effect-failed', task: null, effect: 'journal', message: 'full' }, 'journal failed: full'],
  [{ at: 0, type: 'effect-failed', task, effect: 'keep-work', message: 'full' }, 'add-auth: keep-work failed: full'],
  [
    {
      at: 0,
      type: 'effect-failed',
      task: null,
      command: makeCommandId(1, '0123456789'),
      effect: 'read-command',
      message: 'EIO',
    },
    'command 000000000000001-01234567: read-command failed: EIO',
  ],
];

test('a file’s name makes no line of its own and gives the terminal no command', () => {
  const file = 'x\u001b]0;PWNED\u0007\nINJECTED 00:00:00 a: done.md';
  const wrong = [{ severity: 'error', file, line: 1, message: 'it is\u009b2J wrong' }] as const;
  const line = 'x INJECTED 00:00:00 a: done.md:1: it is wrong';
  expect(formatHistory({ at: 0, type: 'inbox-rejected', name: file, diagnostics: wrong })).toBe(`refused: ${line}`);
  expect(formatHistory({ at: 0, type: 'task-changed', task, diagnostics: wrong })).toBe(`add-auth: ${line}`);
});

test.each(cases.map(([entry, text]) => ({ entry, text })))('$entry.type is told as: $text', ({ entry, text }) => {
  expect(formatHistory(entry)).toBe(text);
});
