/** An agent of a test's own: a shell script that speaks Claude Code's stream, for what the scripted agent can't do. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil, type ScratchBoard } from './board.ts';

/** Settings under which the board runs the agent that {@link writeAgent} made. */
export const fakeAgent = 'agent: { command: ./agent.sh }';

/**
 * Makes the agent from shell commands, which run in the worktree. They may use `say LINE`, `tool ID` (a call that
 * begins), `tool_end ID`, `end` (the result), `work NAME` (a commit) and `$session`, `$resumed` (`yes` or empty).
 */
export function writeAgent(board: ScratchBoard, body: string): void {
  const script = `#!/bin/sh
session= resumed= previous=
for word; do
  case $previous in --session-id) session=$word ;; --resume) session=$word resumed=yes ;; esac
  previous=$word
done
say() { printf '%s\\n' "$1"; }
content() { say '{"type":"'"$1"'","message":{"role":"'"$1"'","content":['"$2"']}}'; }
tool() { content assistant '{"type":"tool_use","id":"'"$1"'","name":"Bash","input":{"command":"x"}}'; }
tool_end() { content user '{"type":"tool_result","tool_use_id":"'"$1"'","content":"ok"}'; }
end() {
  say '{"type":"result","subtype":"success","is_error":false,"num_turns":2,"total_cost_usd":0.25,"result":"Done.","session_id":"'"$session"'","structured_output":{"status":"done","summary":"Did it."}}'
}
work() { echo "$1" > "$1" && git add -A && git commit --quiet -m "Add $1"; }
await() { until [ -e "$1" ]; do sleep 0.02; done; }
say '{"type":"system","subtype":"init","session_id":"'"$session"'","model":"fake"}'
${body}
`;
  writeFileSync(join(board.repo, 'agent.sh'), script, { mode: 0o755 });
}

/** Waits until a run's stream holds a text. */
export async function waitUntilStreamed(board: ScratchBoard, id: string, text: string, run = 1): Promise<void> {
  await waitUntil(`${id} streams ${text}`, () => board.read('runs', id, String(run), 'stream.jsonl').includes(text));
}
