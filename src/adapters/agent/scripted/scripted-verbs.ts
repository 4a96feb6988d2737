/** Carries out the verbs of an agent script; `scripted-main.ts` lists them for those who write scripts. */
import { spawn, spawnSync } from 'node:child_process';
import { messageOf } from '../../../domain/error-message.ts';
import { appendFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NamedLoss } from '../../../domain/base-conflict.ts';
import type { CommentAnswer } from '../../../domain/review-comment.ts';
import type { AgentReport } from '../../../domain/agent-report.ts';
import { parseObject, type JsonObject } from '../../machine/json-shape.ts';
import { unescapeText, type ScriptLine } from './agent-script.ts';
import { proposeTool, toolName } from '../claude/run-server.ts';
import type { ScriptedStream } from './scripted-stream.ts';

const maxSteps = 1_000;
const waitForEveryMs = 50;
const orphanLivesSeconds = 600;

/** The end of the run as the lines so far ask for it. */
export interface Ending {
  summary: string | null;
  answers: CommentAnswer[];
  judgement: AgentReport['judgement'];
  dropped: NamedLoss[];
  /** As they are told. */
  subtasks: JsonObject[];
  followUps: string[];
  report: string | null;
  lingers: boolean;
}

/** The effect of one line on the script's course. */
export type Step =
  | { readonly kind: 'on' }
  | { readonly kind: 'end'; readonly report: AgentReport }
  | { readonly kind: 'fail'; readonly text: string }
  | { readonly kind: 'crash'; readonly exitCode: number };

const on: Step = { kind: 'on' };

type Verb = (rest: string, stream: ScriptedStream, ending: Ending) => Promise<Step> | Step;

/** Performs one line. Throws an Error with a message for the reader where it can't be done. */
export async function performLine(line: ScriptLine, stream: ScriptedStream, ending: Ending): Promise<Step> {
  const verb = verbs.get(line.verb);
  const where = `agent-script line ${String(line.number)}`;
  if (verb === undefined)
    throw new Error(`${where}: unknown verb "${line.verb}"; known: ${[...verbs.keys()].join(', ')}`);
  try {
    return await verb(line.rest, stream, ending);
  } catch (error) {
    throw new Error(`${where}: ${messageOf(error)}`, { cause: error });
  }
}

const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ['write', (rest, stream) => changeFile('Write', rest, stream, (file, text) => writeFileSync(file, text))],
  ['append', (rest, stream) => changeFile('Edit', rest, stream, (file, text) => appendFileSync(file, text))],
  ['delete', deleteFile],
  ['commit', commitAll],
  ['say', say],
  ['step', showStep],
  ['sleep', sleepFor],
  ['wait-for', waitForFile],
  ['ask', askUser],
  ['nothing', (rest) => endWith({ status: 'nothing-to-do', summary: unescapeText(rest), questions: [], options: [] })],
  ['fail', (rest) => ({ kind: 'fail', text: unescapeText(rest) })],
  ['crash', (rest) => ({ kind: 'crash', exitCode: rest === '' ? 1 : parseCount(rest) })],
  ['report', (rest, stream, ending) => say((ending.report = unescapeText(rest)), stream)],
  ['summary', (rest, _, ending) => setOn(() => (ending.summary = unescapeText(rest)))],
  ['answer', (rest, _, ending) => setOn(() => ending.answers.push(parseAnswer(rest)))],
  ['approve', approve],
  ['require', requireText],
  ['drop', (rest, _, ending) => setOn(() => ending.dropped.push(parseLoss(rest)))],
  ['propose', proposeTask],
  ['subtask', (rest, _, ending) => setOn(() => ending.subtasks.push(parseJson(rest)))],
  ['follow-up', (rest, _, ending) => setOn(() => ending.followUps.push(unescapeText(rest)))],
  ['linger', (_, __, ending) => setOn(() => (ending.lingers = true))],
  ['spawn-orphan', spawnOrphan],
]);

function setOn(set: () => unknown): Step {
  set();
  return on;
}

/** A question, with the answers that it offers behind bars: `Which port? | 80 | 8080`. */
function askUser(rest: string): Step {
  const [question = '', ...options] = rest.split(' | ').map(unescapeText);
  return endWith({ status: 'needs-input', summary: `Asked: ${question}`, questions: [question], options });
}

function endWith(report: Pick<AgentReport, 'status' | 'summary' | 'questions' | 'options'>): Step {
  return { kind: 'end', report: { ...report, followUps: [], subtasks: [], answers: [], dropped: [], judgement: null } };
}

function parseAnswer(rest: string): CommentAnswer {
  const [number = '', ...words] = rest.split(' ');
  return { comment: parseCount(number), answer: unescapeText(words.join(' ')) };
}

function parseLoss(rest: string): NamedLoss {
  const [path = '', ...words] = rest.split(' ');
  const line = unescapeText(words.join(' '));
  return { path, line: line === '' ? null : line, reason: 'as the script says' };
}

function approve(rest: string, _: ScriptedStream, ending: Ending): Step {
  ending.summary = unescapeText(rest);
  ending.judgement = { approves: true, comments: [] };
  return on;
}

function requireText(rest: string, _: ScriptedStream, ending: Ending): Step {
  const [, file = '', escaped = ''] = /^(\S+)\s?(.*)$/.exec(rest) ?? [];
  const text = unescapeText(escaped);
  const isThere = existsSync(file) && readFileSync(file, 'utf8').includes(text);
  ending.summary = isThere ? `${file} is as it should be.` : `${file} lacks something.`;
  ending.judgement = {
    approves: isThere,
    comments: isThere ? [] : [{ path: file, line: 1, reason: `lacks: ${text}` }],
  };
  return on;
}

async function proposeTask(rest: string, stream: ScriptedStream): Promise<Step> {
  await stream.callTool(toolName(proposeTool.name), parseJson(rest), () => undefined);
  return on;
}

function parseJson(text: string): JsonObject {
  const read = parseObject(text);
  if (read === null) throw new Error(`expected a JSON object, found "${text}"`);
  return read;
}

function say(rest: string, stream: ScriptedStream): Step {
  stream.say(unescapeText(rest));
  return on;
}

async function changeFile(
  tool: string,
  rest: string,
  stream: ScriptedStream,
  change: (file: string, text: string) => void,
): Promise<Step> {
  const [, name = '', escaped = ''] = /^(\S+)\s?(.*)$/.exec(rest) ?? [];
  const text = unescapeText(escaped);
  await stream.callTool(tool, { file_path: name }, () => {
    const file = resolveInside(name);
    mkdirSync(path.dirname(file), { recursive: true });
    change(file, text.endsWith('\n') ? text : `${text}\n`);
  });
  return on;
}

async function deleteFile(rest: string, stream: ScriptedStream): Promise<Step> {
  await stream.callTool('Bash', { command: `rm ${rest}` }, () => rmSync(resolveInside(rest), { force: true }));
  return on;
}

async function commitAll(rest: string, stream: ScriptedStream): Promise<Step> {
  const message = unescapeText(rest) || 'Work of the scripted agent';
  await stream.callTool('Bash', { command: 'git add -A && git commit' }, () => {
    runGit(['add', '-A']);
    // A session that is resumed may have committed this already.
    if (spawnSync('git', ['diff', '--cached', '--quiet']).status === 0) return;
    runGit(['commit', '--quiet', '-F', '-'], message);
  });
  return on;
}

function runGit(args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync('git', args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args[0] ?? ''} failed: ${stderr.trim()}`);
}

async function showStep(rest: string, stream: ScriptedStream): Promise<Step> {
  const [, doneText = '', totalText = '', text = ''] = /^(\d+)\/(\d+)\s*(.*)$/.exec(rest) ?? [];
  const done = parseCount(doneText);
  const total = Math.min(parseCount(totalText), maxSteps);
  const todos = Array.from({ length: total }, (_, index) => ({
    content: index === done ? text : `Step ${String(index + 1)}`,
    status: index < done ? 'completed' : index === done ? 'in_progress' : 'pending',
    activeForm: index === done ? text : `Step ${String(index + 1)}`,
  }));
  await stream.callTool('TodoWrite', { todos }, () => undefined);
  return on;
}

async function sleepFor(rest: string): Promise<Step> {
  const [, count = '', unit = ''] = /^(\d+)\s*(ms|s)$/.exec(rest) ?? [];
  if (unit === '') throw new Error(`expected a time such as 200ms or 2s, found "${rest}"`);
  await sleep(Number(count) * (unit === 's' ? 1_000 : 1));
  return on;
}

async function waitForFile(rest: string): Promise<Step> {
  if (!path.isAbsolute(rest)) throw new Error(`expected an absolute path, found "${rest}"`);
  while (!existsSync(rest)) await sleep(waitForEveryMs);
  return on;
}

function spawnOrphan(_: string, stream: ScriptedStream): Step {
  const child = spawn('sleep', [String(orphanLivesSeconds)], { detached: true, stdio: 'inherit' });
  child.unref();
  stream.say(`Started process ${String(child.pid)} in a session of its own.`);
  return on;
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`expected a number, found "${text}"`);
  return Number(text);
}

/** The absolute path of a file that lies, links resolved, inside the working directory. */
function resolveInside(name: string): string {
  const root = realpathSync(process.cwd());
  const file = path.resolve(root, name);
  let existing = path.dirname(file);
  while (!existsSync(existing)) existing = path.dirname(existing);
  const real = path.join(realpathSync(existing), path.relative(existing, file));
  const relative = path.relative(root, real);
  if (name === '' || relative === '' || relative.startsWith('..') || path.isAbsolute(relative)) {
    throw new Error(`"${name}" is no file inside the worktree`);
  }
  return file;
}
