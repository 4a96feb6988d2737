/**
 * Reads the log of a daemon's durable calls and says where their order would not survive a power cut:
 *
 *   what is put into its place was fsynced under its temporary name before, as a whole;
 *   the folder it was put into is fsynced after, before the next durable step of the same task;
 *   a run's new folder is fsynced in the one that it is in before anything is put into it;
 *   a task's facts are in their place and their folder fsynced before the rename that they explain.
 */
import { basename, dirname } from 'node:path';

/** What is derived, or only a help, and so need not survive a power cut. */
const isDerived = (path) => /\/\.orchestrator\/(\.dashboard\/|DASHBOARD\.md|\.?queue\.json)/.test(path);
const isOurs = (path) =>
  /\/\.orchestrator\/((commands|inbox|queued|active|attention|done|archive|runs)\/|paused$)/.test(path);
const isMark = (path) => /\/\.git\/worktrees\/[^/]+\/branchboard-/.test(path);
/** Steps that must not come before what went before them is durable. */
const steps = new Set(['rename', 'link', 'spawn', 'unlink']);

/** The task that a call is about, or null. */
export function taskOf({ path, to }) {
  const place = to ?? path;
  return (
    /\/\.orchestrator\/runs\/([^/ ]+)/.exec(place)?.[1] ??
    /\/\.orchestrator\/(?:inbox|queued|active|attention|done|archive)\/\.?([^/]+?)\.md/.exec(place)?.[1] ??
    /\/\.orchestrator\/commands\/([^/]+)\.json/.exec(place)?.[1] ??
    /\/\.git\/worktrees\/([^/]+)/.exec(place)?.[1] ??
    /\/\.orchestrator\/\.?(paused)\b/.exec(place)?.[1] ??
    null
  );
}

/** Each call with the places of its begin and end in the log; an end that is missing is infinitely far. */
export function readCalls(log) {
  const calls = new Map();
  log.forEach((line, index) => {
    if (line.k !== undefined) calls.set(line.k, { ...line, begin: index, finish: Infinity, task: taskOf(line) });
    else Object.assign(calls.get(line.end), { finish: index, failed: line.failed === true });
  });
  return [...calls.values()].filter((call) => !call.failed);
}

/** All faults, as sentences. */
export function findOrderFaults(log) {
  const calls = readCalls(log);
  const syncs = calls.filter((call) => call.op === 'fsync');
  const placed = calls.filter(
    ({ op, path, to }) => (op === 'rename' || op === 'link') && (isOurs(to) || isMark(to)) && !isDerived(path),
  );
  return [
    ...placed.filter(({ path }) => isTemporary(path)).flatMap((call) => checkContent(call, calls, syncs)),
    ...placed.flatMap((call) => checkFolder(call, calls, syncs)),
    ...listNewFolders(calls).flatMap((made) => checkNewFolder(made, calls, syncs)),
    ...checkFacts(calls, syncs),
  ];
}

/** How many files were put into their places, so that a test can say that there was something to look at. */
export function countPlaced(log) {
  return readCalls(log).filter(({ op, to }) => (op === 'rename' || op === 'link') && (isOurs(to) || isMark(to))).length;
}

const isTemporary = (path) => /\.(tmp|new)$/.test(path);

function checkContent(call, calls, syncs) {
  const writes = calls.filter(({ op, path }) => (op === 'write' || op === 'append') && path === call.path);
  const written = Math.max(-1, ...writes.map(({ finish }) => finish));
  const isSynced = syncs.some(
    ({ path, begin, finish }) => path === call.path && begin > written && finish < call.begin,
  );
  return writes.length > 0 && isSynced ? [] : [`${show(call)}: its content was not fsynced before`];
}

function checkFolder(call, calls, syncs) {
  const folder = dirname(call.to);
  const next = calls.find(({ op, task, begin }) => steps.has(op) && task === call.task && begin > call.finish);
  const until = next?.begin ?? Infinity;
  const isSynced = syncs.some(({ path, begin, finish }) => path === folder && begin > call.finish && finish < until);
  if (isSynced) return [];
  return [`${show(call)}: its folder was not fsynced before ${next === undefined ? 'the end' : show(next)}`];
}

/** The folders of ours that come to be, with the call that made each: it may make those around it as well. */
function listNewFolders(calls) {
  const made = new Map();
  for (const call of calls.filter(({ op, path }) => op === 'mkdir' && isOurs(`${path}/`))) {
    for (let folder = call.path; isOurs(folder); folder = dirname(folder)) {
      if (!made.has(folder)) made.set(folder, call);
    }
  }
  return [...made].map(([folder, call]) => ({ folder, call }));
}

function checkNewFolder({ folder, call }, calls, syncs) {
  const first = calls.find(({ to }) => to?.startsWith(`${folder}/`) === true);
  const until = first?.begin ?? Infinity;
  const isSynced = syncs.some(
    ({ path, begin, finish }) => path === dirname(folder) && begin > call.finish && finish < until,
  );
  return isSynced ? [] : [`${show({ ...call, path: folder })}: it was not durable before something was put into it`];
}

/** Before a file goes to `active/` its plan is durable; before it leaves for good, its record and verdict are. */
function checkFacts(calls, syncs) {
  const faults = [];
  const moves = calls.filter(({ op, path, to }) => op === 'rename' && isOurs(path) && basename(path) === basename(to));
  for (const move of moves) {
    const column = basename(dirname(move.to));
    const wanted = {
      active: ['plan.json'],
      done: ['exit.json', 'verdict.json', 'review.json'],
      attention: ['exit.json', 'verdict.json'],
    };
    for (const name of wanted[column] ?? []) {
      const fact = calls.findLast(
        ({ op, to, task, finish }) =>
          (op === 'rename' || op === 'link') && task === move.task && to.endsWith(`/${name}`) && finish < move.begin,
      );
      const isDurable =
        fact !== undefined &&
        syncs.some(
          ({ path, begin, finish }) => path === dirname(fact.to) && begin > fact.finish && finish < move.begin,
        );
      if (!isDurable) faults.push(`${show(move)}: ${name} was not durable before`);
    }
  }
  return faults;
}

function show({ k, op, path, to }) {
  const short = (place) => place.replace(/^.*\/(?=\.orchestrator\/|\.git\/)/, '');
  return `call ${k}, ${op} ${short(path).slice(0, 80)}${to === undefined ? '' : ` → ${short(to)}`}`;
}
