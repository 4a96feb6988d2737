/**
 * Loaded into the daemon with `node --import`: numbers its durable calls and, at one of them, kills it or lets the call
 * fail. Durable calls are those of node's modules that change files of the board, of the repository's `.git` or of the
 * board's lock, and those that start a process. What the daemon starts is not touched.
 *
 *   FAULT_LOG     each call's begin and end is appended there as a line of JSON
 *   FAULT_KIND    kill: SIGKILL just before the call
 *                 torn: SIGKILL when half of a write is written, or just after any other call was carried out
 *                 fail: the call fails with FAULT_CODE
 *   FAULT_AT      the number of the call, 1 for the first; `fail` takes the first call from there on that can fail so
 *   FAULT_OP      only calls of this operation are counted for FAULT_AT, such as `link`
 *   FAULT_PATH    only calls whose path matches this expression are counted for FAULT_AT
 *   FAULT_UNTIL   of `fail`: every call from there on fails until this file exists
 */
import { Buffer } from 'node:buffer';
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

const { FAULT_LOG, FAULT_KIND, FAULT_CODE, FAULT_OP, FAULT_PATH, FAULT_UNTIL } = process.env;
const counted = FAULT_PATH === undefined ? null : new RegExp(FAULT_PATH);
const faultAt = Number(process.env.FAULT_AT ?? '0');
for (const name of Object.keys(process.env)) if (name.startsWith('FAULT_')) delete process.env[name];

// The originals; what is exported below is replaced.
const { openSync, writeSync, readlinkSync, existsSync, constants } = fs;
const log = FAULT_LOG === undefined ? null : openSync(FAULT_LOG, 'a');
const places = [/\/\.orchestrator(\/|$)/, /\/\.git(\/|$)/, /\/branchboard-\d+\//];
/** Where there is no room, these fail; what only takes away does not, and git's own processes are not reached. */
const needsRoom = new Set(['open', 'write', 'append', 'mkdir', 'link', 'rename', 'fsync', 'copy']);
/** Of a started program's arguments so much is told. */
const maxShownChars = 300;
let calls = 0;
/** Those of the operation that is counted. */
let candidates = 0;
/** Node's own functions call each other; only the outermost call counts. */
let inside = false;
let failedOnce = false;

function tell(line) {
  if (log !== null) writeSync(log, `${JSON.stringify(line)}\n`);
}

function die() {
  process.kill(process.pid, 'SIGKILL');
}

/** Whether a call fails now. */
function failsNow(op) {
  if (FAULT_KIND !== 'fail' || candidates < faultAt || !needsRoom.has(op)) return false;
  if (FAULT_UNTIL !== undefined) return !existsSync(FAULT_UNTIL);
  if (failedOnce) return false;
  failedOnce = true;
  return true;
}

/**
 * One durable call: numbered, told, and hit if it is its turn. `work` does it, `half` a part of it. Both kinds of
 * functions pass through here: an error is thrown, or comes as a rejected promise, as `work` would have told it.
 */
function pass({ op, path, to = null }, isAsync, work, half = null) {
  const k = (calls += 1);
  const isCandidate = (FAULT_OP === undefined || FAULT_OP === op) && (counted?.test(to ?? path) ?? true);
  if (isCandidate) candidates += 1;
  const isHit = isCandidate && candidates === faultAt && FAULT_KIND !== 'fail';
  const fails = failsNow(op);
  tell({ k, op, path, ...(to === null ? {} : { to }), ...(isHit || fails ? { hit: FAULT_KIND } : {}) });
  if (isHit && FAULT_KIND === 'kill') die();
  if (isHit && half !== null) {
    half();
    die();
  }
  if (fails) {
    const error = Object.assign(new Error(`${FAULT_CODE}: injected, ${op} '${path}'`), { code: FAULT_CODE, path });
    tell({ end: k, failed: true });
    if (isAsync) return Promise.reject(error);
    throw error;
  }
  if (!isAsync) {
    inside = true;
    try {
      const done = work();
      if (isHit) die();
      return done;
    } finally {
      inside = false;
      tell({ end: k });
    }
  }
  return work().then(
    (done) => {
      if (isHit) die();
      tell({ end: k });
      return done;
    },
    (error) => {
      tell({ end: k, failed: true });
      throw error;
    },
  );
}

const isDurable = (path) => typeof path === 'string' && places.some((place) => place.test(path));
const pathOfFile = (fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
};
const opensForWriting = (flags = 'r') =>
  typeof flags === 'number'
    ? (flags & (constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT)) !== 0
    : /[wa+]/.test(flags);

/** The first half of what is to be written, into a file that is opened as the whole write would open it. */
function writeHalf(target, data, flags, mode) {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const fd = typeof target === 'number' ? target : openSync(target, flags, mode);
  writeSync(fd, bytes, 0, bytes.length >> 1);
}

/** Replaces a function; `describe` gives what it would do, or null where that is not durable. */
function wrap(owner, name, isAsync, describe) {
  const original = owner[name];
  owner[name] = function (...args) {
    const call = describe.call(this, args);
    const work = () => original.apply(this, args);
    return call === null || inside ? work() : pass(call, isAsync, work, call.half ?? null);
  };
}

const onOnePath = (op) => (args) => (isDurable(args[0]) ? { op, path: args[0] } : null);
const onTwoPaths = (op) => (args) =>
  isDurable(args[0]) || isDurable(args[1]) ? { op, path: String(args[0]), to: String(args[1]) } : null;
const onWrite = (op, flags) => (args) => {
  const path = typeof args[0] === 'number' ? pathOfFile(args[0]) : args[0];
  if (!isDurable(path)) return null;
  const options = typeof args[2] === 'object' ? args[2] : {};
  return { op, path, half: () => writeHalf(args[0], args[1], options?.flag ?? flags, options?.mode) };
};

for (const [suffix, owner, isAsync] of [
  ['Sync', fs, false],
  ['', fs.promises, true],
]) {
  for (const op of ['unlink', 'rm', 'rmdir', 'mkdir', 'truncate']) wrap(owner, op + suffix, isAsync, onOnePath(op));
  for (const op of ['rename', 'link', 'symlink']) wrap(owner, op + suffix, isAsync, onTwoPaths(op));
  wrap(owner, `copyFile${suffix}`, isAsync, onTwoPaths('copy'));
  wrap(owner, `writeFile${suffix}`, isAsync, onWrite('write', 'w'));
  wrap(owner, `appendFile${suffix}`, isAsync, onWrite('append', 'a'));
  wrap(owner, `open${suffix}`, isAsync, (args) =>
    isDurable(args[0]) && opensForWriting(args[1]) ? { op: 'open', path: args[0] } : null,
  );
}
wrap(fs, 'fsyncSync', false, ([fd]) => ({ op: 'fsync', path: pathOfFile(fd) }));
wrap(fs, 'ftruncateSync', false, ([fd]) => ({ op: 'truncate', path: pathOfFile(fd) }));

const probe = await fs.promises.open('/dev/null', 'r');
const handles = Object.getPrototypeOf(probe);
await probe.close();
const onHandle = (op) =>
  function (args) {
    const path = pathOfFile(this.fd);
    if (!isDurable(path)) return null;
    return { op, path, ...(op === 'write' ? { half: () => writeHalf(this.fd, args[0]) } : {}) };
  };
wrap(handles, 'writeFile', true, onHandle('write'));
wrap(handles, 'appendFile', true, onHandle('append'));
wrap(handles, 'write', true, onHandle('write'));
wrap(handles, 'truncate', true, onHandle('truncate'));
wrap(handles, 'sync', true, onHandle('fsync'));
wrap(handles, 'datasync', true, onHandle('fsync'));

for (const name of ['spawn', 'execFile', 'spawnSync', 'execFileSync']) {
  wrap(childProcess, name, false, ([program, args]) => {
    const words = Array.isArray(args) ? args.filter((word, index) => word !== '-c' && args[index - 1] !== '-c') : [];
    return { op: 'spawn', path: [basename(program), ...words].join(' ').slice(0, maxShownChars) };
  });
}
// `fs/promises` is one object under two names; nothing else is cached yet, since this is loaded first.
createRequire(import.meta.url)('node:fs/promises');
syncBuiltinESMExports();
