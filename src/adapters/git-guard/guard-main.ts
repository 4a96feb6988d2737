/**
 * The git guard's program. Claude Code runs it before each command, with the call as JSON on stdin. It prints a refusal
 * or nothing. It throws on input that it can't read, and the hook's command line turns that into a refusal.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { guardVariable, isRecord, readGuardedRun } from './guarded-run.ts';
import { judgeCommand } from './judge.ts';

/** The command and the folder in which it is to run, of a call as Claude Code hands it to a hook. */
function readCall(text: string): { readonly cwd: string; readonly command: string } {
  const call: unknown = JSON.parse(text);
  if (isRecord(call) && isRecord(call['tool_input'])) {
    const { cwd } = call;
    const { command } = call['tool_input'];
    if (typeof cwd === 'string' && typeof command === 'string') return { cwd, command };
  }
  throw new Error('the git guard was given no command that it can read; nothing was run');
}

const { worktree, rules } = readGuardedRun(process.env[guardVariable]);
const { cwd, command } = readCall(readFileSync(0, 'utf8'));
const judgement = judgeCommand(command, {
  worktree: [worktree, realpathSync(worktree)],
  cwd: realpathSync(cwd),
  rules,
});
if (!judgement.allowed) {
  const { reason } = judgement;
  const decision = { hookEventName: 'PreToolUse', permissionDecision: 'deny', permissionDecisionReason: reason };
  process.stdout.write(`${JSON.stringify({ hookSpecificOutput: decision })}\n`);
}
