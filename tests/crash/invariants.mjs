/**
 * What must hold of the scenario's board once all is over, whatever happened on the way. Each finding is a kind and a
 * sentence; the kinds are what the summary counts.
 *
 *   loss     a task, its work or what the user reads of it is gone or damaged
 *   double   two agents at one task at once, or an agent started more often than its attempts
 *   end      a task ended elsewhere than it must, an attempt was charged that was none, or something was left behind
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands, expectations, userNote, words } from './scenario.mjs';

const storyMarker = '<!-- branchboard: what happened';
const columns = ['queued', 'active', 'attention', 'done', 'archive'];
/** Not looked through for leftovers: the agents' own, dashboards kept on purpose, the name of one killed at the lock. */
const isAside = (path) => /^(worktrees|\.dashboard|lock)\//.test(path);

/**
 * All findings, empty where everything holds. `tornLines` lines of the history may be cut off; with `mayRepeat` an
 * attempt may have been begun again, one agent after the other, because the first could not write what it did.
 */
export function checkInvariants(run, { tornLines = 0, mayRepeat = false } = {}) {
  return [
    ...checkColumns(run),
    ...checkCommands(run),
    ...checkAgents(run, mayRepeat),
    ...checkWork(run),
    ...checkRecords(run),
    ...checkHistory(run, tornLines),
    ...checkDashboard(run),
    ...checkGit(run),
    ...checkLeftovers(run),
  ];
}

const loss = (text) => ({ kind: 'loss', text });
const double = (text) => ({ kind: 'double', text });
const end = (text) => ({ kind: 'end', text });

function checkColumns(run) {
  const findings = [];
  const names = new Map(columns.map((column) => [column, listNames(join(run.board, column))]));
  const inbox = listNames(join(run.board, 'inbox'));
  if (inbox.length > 0) findings.push(end(`inbox/ still holds ${inbox.join(', ')}`));
  for (const [id, { column: wanted }] of Object.entries(expectations)) {
    const found = columns.filter((column) => names.get(column).includes(`${id}.md`));
    if (found.length === 0) findings.push(loss(`${id}.md is in no column`));
    else if (found.length > 1) findings.push(end(`${id}.md is in ${found.join(' and ')}`));
    else if (found[0] !== wanted) findings.push(end(`${id}.md is in ${found[0]}/, expected ${wanted}/${why(run, id)}`));
  }
  const known = Object.keys(expectations).map((id) => `${id}.md`);
  for (const [column, files] of names) {
    const strange = files.filter((name) => !known.includes(name));
    if (strange.length > 0) findings.push(end(`${column}/ holds ${strange.join(', ')}`));
  }
  return findings;
}

/** What the user asked is done, once, and nothing of it is left. */
function checkCommands(run) {
  const left = listNames(join(run.board, 'commands'));
  const findings = left.length === 0 ? [] : [end(`commands/ still holds ${left.join(', ')}`)];
  const settled = readFileSync(join(run.board, 'history.jsonl'), 'utf8')
    .split('\n')
    .map(parseJson)
    .filter((entry) => entry?.type === 'command');
  const accepted = settled.filter(({ by }) => by === 'auto').map(({ outcome }) => outcome);
  if (accepted.join() !== 'done')
    findings.push(double(`the plan was taken in with the outcomes ${accepted.join(', ')}`));
  for (const id of Object.keys(commands)) {
    const times = settled.filter((each) => each.id === id).length;
    if (times === 0) findings.push(loss(`the history says nothing of the command ${id}`));
    if (times > 1) findings.push(double(`the command ${id} was carried out ${times} times`));
  }
  // A run that a kill kept from beginning is followed by another.
  const runs = join(run.board, 'runs', 'returned');
  const prompts = listNames(runs).map((name) => join(runs, name, 'prompt.md'));
  const isTold = prompts.some((path) => existsSync(path) && readFileSync(path, 'utf8').includes(words));
  if (!isTold) findings.push(loss('what the user said when they sent returned back reached no agent'));
  return findings;
}

function parseJson(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function why(run, id) {
  const verdict = readJson(join(run.board, 'runs', id, 'verdict.json'));
  return verdict?.fault ? `: ${verdict.fault.reason}: ${verdict.fault.detail.slice(0, 300)}` : '';
}

/** The daemon dies and its agents don't, so none is ever started twice for one attempt. */
function checkAgents(run, mayRepeat) {
  const findings = [];
  const trace = run.trace();
  for (const { what, run: name } of trace) {
    if (what === 'twice') findings.push(double(`an agent of ${name} met another one at work`));
  }
  for (const [id, { attempts }] of Object.entries(expectations)) {
    const all = trace.filter((line) => line.what === 'start' && line.task === id).map((line) => line.attempt);
    const starts = mayRepeat ? all.filter((attempt, index) => attempt !== all[index - 1]) : all;
    const said = `${id} was started for the attempts ${starts.join(', ') || '(none)'}, expected ${attempts.join(', ')}`;
    if (starts.length > attempts.length) findings.push(double(said));
    else if (starts.join() !== attempts.join()) findings.push(end(said));
  }
  return findings;
}

/** What is done has its work: on the branch, in the facts, and in what was built on it. */
function checkWork(run) {
  const findings = [];
  for (const [id, { column, branch }] of Object.entries(expectations)) {
    if (column !== 'done' || !existsSync(join(run.board, 'done', `${id}.md`))) continue;
    const verdict = readJson(join(run.board, 'runs', id, 'verdict.json'));
    if (verdict === null || verdict.column !== 'done') {
      findings.push(loss(`${id} is in done/ and its verdict says ${verdict?.column ?? 'nothing'}`));
      continue;
    }
    if (!branch) {
      const report = join(run.board, verdict.report ?? 'no-report');
      if (!existsSync(report) || !readFileSync(report, 'utf8').includes('Nothing suspicious.')) {
        findings.push(loss(`the report of ${id} is not in ${String(verdict.report)}`));
      }
      continue;
    }
    const tip = gitOrNull(run, 'rev-parse', '--verify', '--quiet', `refs/heads/task/${id}`);
    if (tip === null || tip !== verdict.tip)
      findings.push(loss(`task/${id} is at ${tip}, its verdict says ${verdict.tip}`));
    const text = gitOrNull(run, 'show', `refs/heads/task/${id}:${id}.txt`);
    if (text !== `work of ${id}`) findings.push(loss(`task/${id} does not hold ${id}.txt`));
    const commits = gitOrNull(run, 'rev-list', '--count', `main..refs/heads/task/${id}`);
    const expected = id === 'second' ? 2 : 1;
    if (Number(commits) !== expected) findings.push(end(`task/${id} has ${commits} commits, expected ${expected}`));
    const kept = gitOrNull(run, 'rev-parse', '--verify', '--quiet', `refs/branchboard/done/${id}`);
    if (kept !== tip) findings.push(loss(`refs/branchboard/done/${id} is at ${kept}, task/${id} at ${tip}`));
  }
  const isBuiltOn = existsSync(join(run.board, 'done', 'second.md'));
  if (isBuiltOn && gitOrNull(run, 'merge-base', '--is-ancestor', 'task/first', 'task/second') === null) {
    findings.push(loss('task/second does not hold the work of first'));
  }
  return findings;
}

/** Each run that was begun says how it ended; attempts go up by failures alone; each task's story is told once. */
function checkRecords(run) {
  const findings = [];
  for (const [id, { column, attempts }] of Object.entries(expectations)) {
    const folder = join(run.board, 'runs', id);
    const numbers = listNames(folder).filter((name) => /^\d+$/.test(name));
    const plans = numbers.map((n) => readJson(join(folder, n, 'plan.json'))).filter((plan) => plan !== null);
    const most = Math.max(0, ...plans.map((plan) => plan.attempt));
    if (most > attempts.length) findings.push(end(`${id} was charged attempt ${most} of ${attempts.length}`));
    const last = numbers.map(Number).sort((a, b) => b - a)[0];
    for (const n of numbers) {
      for (const name of ['plan.json', 'exit.json']) {
        const path = join(folder, n, name);
        if (!existsSync(path)) {
          if (Number(n) === last) findings.push(end(`runs/${id}/${n} has no ${name}`));
        } else if (readJson(path) === null) findings.push(loss(`runs/${id}/${n}/${name} is cut off`));
      }
    }
    const path = join(run.board, column, `${id}.md`);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (text === '') continue;
    if (!text.includes('# ')) findings.push(loss(`${column}/${id}.md lost the user's text`));
    const stories = text.split(storyMarker).length - 1;
    if (stories !== 1) findings.push(end(`${column}/${id}.md tells ${stories} stories`));
  }
  return findings;
}

function checkHistory(run, tornLines) {
  const path = join(run.board, 'history.jsonl');
  if (!existsSync(path)) return [loss('there is no history.jsonl')];
  const text = readFileSync(path, 'utf8');
  const broken = text.split('\n').filter((line) => line !== '' && !isJson(line));
  const findings = broken.length > tornLines ? [loss(`history.jsonl has ${broken.length} lines that are cut off`)] : [];
  if (!text.endsWith('\n')) findings.push(end('history.jsonl does not end in a line break'));
  return findings;
}

/** The question is the only thing that needs the user. */
function checkDashboard(run) {
  const path = join(run.board, 'DASHBOARD.md');
  if (!existsSync(path)) return [loss('there is no DASHBOARD.md')];
  const text = readFileSync(path, 'utf8');
  const needs = /^## Needs You\n([^]*?)\n## /m.exec(text)?.[1] ?? '';
  const heads = needs.split('\n').filter((line) => line.startsWith('### '));
  const findings = [];
  if (heads.length !== 1 || !heads[0].includes('`asker`')) {
    findings.push(end(`the dashboard's Needs You lists: ${heads.join('; ') || 'nothing'}`));
  }
  const notes = text.split(userNote).length - 1;
  if (notes !== 1) findings.push(loss(`the user's note is ${notes} times on the dashboard`));
  if (/^## (Problems|Faults)|ENO|EEXIST/m.test(text)) findings.push(end('the dashboard tells of a fault'));
  const data = readJson(join(run.board, 'queue.json'));
  for (const [id, { column }] of Object.entries(expectations)) {
    const shown = data?.tasks.find((task) => task.id === id)?.column;
    if (shown !== column) findings.push(end(`queue.json shows ${id} in ${String(shown)}`));
  }
  return findings;
}

function checkGit(run) {
  const findings = [];
  try {
    const said = run.git('fsck', '--no-dangling', '--no-progress').trim();
    if (said !== '') findings.push(loss(`git fsck: ${said}`));
  } catch (error) {
    findings.push(loss(`git fsck: ${String(error.stderr).trim()}`));
  }
  const worktrees = run.git('worktree', 'list', '--porcelain').trimEnd().split('\n\n');
  for (const entry of worktrees) {
    const path = /^worktree (.*)$/m.exec(entry)?.[1] ?? '';
    if (/^prunable/m.test(entry) || !existsSync(path)) findings.push(end(`git lists a worktree that is gone: ${path}`));
  }
  const folders = listNames(`${run.repo}.worktrees`);
  for (const name of folders) {
    const path = join(`${run.repo}.worktrees`, name);
    if (!worktrees.some((entry) => entry.startsWith(`worktree ${path}\n`))) {
      findings.push(end(`worktrees/${name} is no worktree that git knows`));
    }
  }
  const status = run.git('status', '--porcelain', '--untracked-files=no').trim();
  if (status !== '') findings.push(loss(`the user's checkout was changed: ${status}`));
  return findings;
}

function checkLeftovers(run) {
  const findings = [];
  const agents = run.agents();
  if (agents.length > 0) findings.push(end(`${agents.length} processes of agents are left`));
  const files = readdirSync(run.board, { recursive: true }).map(String);
  const temporary = files.filter((path) => !isAside(path) && /(\.tmp|\.new|\/claim\..+)$/.test(path));
  const locks = readdirSync(join(run.repo, '.git'), { recursive: true }).map(String);
  temporary.push(...locks.filter((path) => /(\.lock|\.new)$/.test(path)).map((path) => `.git/${path}`));
  if (temporary.length > 0) findings.push(end(`left behind: ${temporary.join(', ')}`));
  return findings;
}

function listNames(folder) {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A file's JSON; null where there is none or it is cut off. */
function readJson(path) {
  if (!existsSync(path)) return null;
  const text = readFileSync(path, 'utf8');
  return isJson(text) ? JSON.parse(text) : null;
}

function gitOrNull(run, ...args) {
  try {
    return run.git(...args).trim();
  } catch {
    return null;
  }
}
