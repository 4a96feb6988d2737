/**
 * The program of the built-in agent. It calls no model: it reads its prompt on stdin and does what the last fenced
 * `agent-script` block in there says, line by line.
 *
 *   write PATH TEXT         writes a file (`\n`, `\t` and `\\` in TEXT; a last newline is added)
 *   append PATH TEXT        adds to the end of a file
 *   delete PATH             deletes a file
 *   commit MESSAGE          git add -A, git commit; nothing to commit is fine
 *   say TEXT                says something
 *   step DONE/TOTAL TEXT    shows progress
 *   sleep 200ms             waits (ms or s)
 *   wait-for PATH           waits until a file exists; the path is absolute
 *   ask QUESTION            ends with a question; resumed, it goes on after this line
 *   nothing TEXT            ends: there was nothing to do
 *   fail TEXT               ends with an error; a later attempt comes by here again
 *   crash CODE              exits at once, without a result
 *   summary TEXT            the summary told at the end
 *   answer NUMBER TEXT      the answer to a comment of the user's, told at the end
 *   propose JSON            proposes a task, as by `propose_task`
 *   subtask JSON            a task of a planner's plan, told at the end
 *   follow-up TEXT          what is left to do, told at the end
 *   report TEXT             the final text, for a role that only reads
 *   linger                  stays after the result
 *   spawn-orphan            starts a process in a session of its own that outlives the agent
 *   approve TEXT            the verdict on another's work, told at the end; TEXT is its summary
 *   require PATH TEXT       the same: approves where the file has the text, and wants it there otherwise
 *   on attempt N: VERB …    only at the Nth attempt
 *   as judge: VERB …        only where another's work is judged, and there nothing else
 *   as integrator: VERB …   the same where a conflict of what the task builds on is resolved
 *   drop PATH LINE          says of a line of one side that it is not in the result, told at the end
 *
 * After each line it says a note of the user's that waits. Paths are relative to the worktree and stay inside. A resumed session goes on with the first line it had not finished.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { messageOf } from '../../../domain/error-message.ts';
import type { AgentReport } from '../../../domain/agent-report.ts';
import { asObject, asString, parseObject } from '../../machine/json-shape.ts';
import { noteCommand } from '../../machine/note-script.ts';
import { findScript, parseScript, type ScriptLine } from './agent-script.ts';
import { findMemoryPlace, recall, remember, type SessionMemory } from './scripted-memory.ts';
import { interruptedText, ScriptedStream } from './scripted-stream.ts';
import { performLine, type Ending, type Step } from './scripted-verbs.ts';

/** The lines that are for runs of another purpose than the task itself. */
const speakers: ReadonlyMap<string, ScriptLine['as']> = new Map([
  ['judge', 'judge'],
  ['integrate', 'integrator'],
]);
const keepAliveMs = 60_000;

const [, , mode = 'fresh', session = 'none', notes = null, purpose = 'work'] = process.argv;
const stream = new ScriptedStream(session);
const ending: Ending = {
  ...{ summary: null, report: null, judgement: null },
  ...{ dropped: [], answers: [], subtasks: [], followUps: [], lingers: false },
};

process.on('SIGINT', () => {
  // As Claude Code does: a result that tells of the interruption, and a good exit code.
  stream.end({ isError: true, subtype: 'error_during_execution', text: interruptedText, report: null, subtasks: [] });
  process.exit(0);
});

process.exitCode = await run();
if (ending.lingers) setInterval(() => undefined, keepAliveMs);

/** Runs the script and prints the result; gives the exit code. */
async function run(): Promise<number> {
  stream.begin();
  stream.say(
    'This is the built-in scripted agent: it does what the agent-script block of the task says and calls no model.',
  );
  const place = findMemoryPlace(process.env);
  const earlier = mode === 'resume' ? recall(place, session) : null;
  const script = findScript(readFileSync(0, 'utf8')) ?? earlier?.script ?? null;
  if (script === null)
    return fail('The task has no ```agent-script block, and the scripted agent can do nothing else.');
  const lines = parseScript(script);
  const memory = earlier?.script === script ? restart(earlier) : { session, script, next: 0, finished: false };
  try {
    for (let next = memory.next; next < lines.length; next += 1) {
      const line = lines[next];
      if (line === undefined || !isDue(line, memory)) continue;
      const step = await performLine(line, stream, ending);
      const passed = step.kind === 'on' || step.kind === 'end';
      remember(place, { ...memory, next: passed ? next + 1 : next });
      if (step.kind !== 'on') return finish(step);
      sayNote();
    }
  } catch (error) {
    return fail(messageOf(error));
  }
  remember(place, { ...memory, next: lines.length, finished: true });
  const summary = ending.summary ?? `Followed the script, ${String(lines.length)} lines.`;
  return finish({
    kind: 'end',
    report: {
      status: 'done',
      summary,
      questions: [],
      options: [],
      followUps: [],
      subtasks: [],
      answers: ending.answers,
      dropped: ending.dropped,
      judgement: ending.judgement,
    },
  });
}

/** After each line, as Claude Code after each tool call: says a note of the user's that waits. */
function sayNote(): void {
  if (notes === null) return;
  const [program, ...args] = noteCommand(notes, 'PostToolUse');
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  const note = asString(asObject(parseObject(stdout)?.['hookSpecificOutput'])?.['additionalContext']);
  if (note !== null) stream.say(note);
}

/** A session that was through, and is asked for more, begins again at the top. */
function restart(memory: SessionMemory): SessionMemory {
  return memory.finished ? { ...memory, next: 0 } : memory;
}

function isDue(line: ScriptLine, memory: SessionMemory): boolean {
  if (line.as !== (speakers.get(purpose) ?? null)) return false;
  if (memory.finished && line.verb === 'ask') return false;
  return line.attempt === null || line.attempt === Number(process.env['BRANCHBOARD_ATTEMPT'] ?? '1');
}

function finish(step: Exclude<Step, { kind: 'on' }>): number {
  switch (step.kind) {
    case 'crash':
      process.exit(step.exitCode);
      break;
    case 'fail':
      return fail(step.text);
    case 'end':
      return succeed(step.report);
  }
}

function fail(text: string): number {
  stream.end({ isError: true, subtype: 'error_during_execution', text, report: null, subtasks: [] });
  return 1;
}

function succeed(report: AgentReport): number {
  const summary = ending.summary ?? report.summary;
  stream.end({
    isError: false,
    subtype: 'success',
    text: ending.report ?? summary,
    report: { ...report, summary, followUps: ending.followUps },
    subtasks: ending.subtasks,
  });
  return 0;
}
