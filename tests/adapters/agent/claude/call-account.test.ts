import { describe, expect, it } from 'vitest';
import { beginCall, endCall, noCalls } from '../../../../src/adapters/agent/claude/call-account.ts';

/** The failed commit after command lines, each with what it gave back. */
function after(...lines: readonly (readonly [command: string, text: string, isError?: boolean])[]): string | null {
  const calls = lines.reduce((sofar, [command, text, isError = false], index) => {
    const id = String(index);
    return endCall(beginCall(sofar, id, 'Bash', { command }), id, { text, isError });
  }, noCalls);
  return calls.failedCommit?.said ?? null;
}

describe('the last command line that was to make a commit', () => {
  it('failed where it ended with an error, or goes on and git named no commit', () => {
    expect(after(['git add -A && git commit -m x', 'Exit code 1\nlint', true])).toBe('Exit code 1\nlint');
    expect(after(['git commit -m x; git status', 'lint\nOn branch x'])).toBe('lint\nOn branch x');
    expect(after(['git commit -m x 2>&1 | tail', 'lint'])).toBe('lint');
    expect(after(['git commit -m x || true', 'lint'])).toBe('lint');
  });

  it('was made where git names it, or the line ended well with it', () => {
    const refused = ['git commit -m x', 'lint', true] as const;
    expect(after(refused, ['git commit -m x; git status', '[task/x 1234567] x\n 1 file changed'])).toBe(null);
    expect(after(refused, ['git add -A && git commit -m "a; b"', 'ok'])).toBe(null);
    expect(after(refused, ['git commit -qm x; git status', 'On branch x'])).toBe(null);
  });

  it('stays what it was where there was nothing to commit, or a line is about something else', () => {
    const refused = ['git commit -m x', 'lint', true] as const;
    expect(after(refused, ['git commit -m y', 'nothing to commit, working tree clean', true])).toBe('lint');
    expect(after(refused, ['git status', 'fine'])).toBe('lint');
    expect(after(['git commit -m y', 'no changes added to commit', true])).toBe(null);
  });
});
