/** The daemon's ports on the simulated world. */
import { isSameFile, type FileIdentity, type TaskFile } from '../../src/domain/board.ts';
import type { Diagnostic } from '../../src/domain/diagnostic.ts';
import { limits } from '../../src/domain/limits.ts';
import { failure, success } from '../../src/domain/result.ts';
import { columns, fileNameOf, type Column, type TaskId } from '../../src/domain/task.ts';
import type { Settings } from '../../src/domain/settings.ts';
import { parseSettings } from '../../src/markdown/settings-file.ts';
import { extractNotes, replaceNotes } from '../../src/markdown/user-zones.ts';
import { isReader } from '../../src/prompt/permissions.ts';
import {
  PortError,
  type BoardFiles,
  type ChangeHints,
  type Clock,
  type CommandRunner,
  type DashboardFile,
  type Journal,
  type Role,
  type Roles,
  type SettingsFile,
  type Worktrees,
} from '../../src/ports.ts';
import type { Call } from './calls.ts';
import type { Life, World } from './world.ts';

/** A clock that a dead daemon no longer hears. Sweeps are stretched: a late timer must do no harm. */
export function makeClock(world: World, life: Life, sweepEveryMs: number): Clock {
  let uuids = 0;
  return {
    now: () => world.time.now,
    setTimer(delayMs, wake) {
      if (!life.alive) return () => undefined;
      return world.time.after(delayMs === limits.sweepEveryMs ? sweepEveryMs : delayMs, () => {
        if (life.alive) wake();
      });
    },
    day: (at) => new Date(at).toISOString().slice(0, 10),
    timeOfDay: (at) => new Date(at).toISOString().slice(11, 19),
    bootId: 'boot',
    uuid: () => `session-${life.number}-${uuids++}`,
  };
}

/** The board's folder. */
export function makeBoardFiles(world: World, call: Call): BoardFiles {
  const alone = { alone: true } as const;
  const listings = new Map<Column, ReadonlyMap<string, FileIdentity>>();

  function list(column: Column): ReadonlyMap<string, FileIdentity> {
    const files = world.columns[column];
    const known = listings.get(column);
    if (known?.size === files.size && [...files].every(([name, file]) => known.get(name) === file.identity))
      return known;
    const listing = new Map([...files].map(([name, file]) => [name, file.identity]));
    listings.set(column, listing);
    return listing;
  }

  function listInbox() {
    const inbox = new Map<string, FileIdentity>();
    let inboxSettlesAt: number | null = null;
    for (const [name, { identity }] of world.inbox) {
      const settlesAt = identity.mtimeMs + limits.inboxQuietMs;
      if (settlesAt <= world.time.now) inbox.set(name, identity);
      else inboxSettlesAt = Math.min(inboxSettlesAt ?? Infinity, settlesAt);
    }
    return { inbox, inboxRefused: new Map(world.inboxRefused), inboxSettlesAt };
  }

  function stored(file: { readonly column: Column; readonly name: string }) {
    const found = world.columns[file.column].get(file.name);
    if (found === undefined) throw new PortError(`${file.column}/${file.name} is no longer there`, { code: 'ENOENT' });
    return found;
  }

  function findTwin(id: TaskId): TaskFile | null {
    const name = fileNameOf(id).toLowerCase();
    for (const column of columns) {
      if (column === 'archive') continue;
      for (const [candidate, file] of world.columns[column]) {
        if (candidate.toLowerCase() === name) return { column, name: candidate, identity: file.identity };
      }
    }
    return null;
  }

  function folderOfRun(run: { readonly task: TaskId; readonly n: number }) {
    return world.folders.get(run.task)?.runs.get(run.n);
  }

  return {
    async scan() {
      const first = await call(
        'scan',
        () => ({ ...listInbox(), queued: list('queued'), active: list('active') }),
        alone,
      );
      const lists = () => ({ attention: list('attention'), done: list('done'), archive: list('archive') });
      // Files may be moved between the listings of one scan.
      const isTorn = world.random.chance(0.1);
      if (isTorn && world.meddle !== null && world.random.chance(10 * world.weather.meddle)) world.meddle();
      const { queued, active, ...inbox } = first;
      return {
        ...inbox,
        columns: { queued, active, ...lists() },
        userPaused: world.paused,
        holdOnDisk: world.hold !== null,
      };
    },
    readInbox: (name, identity) =>
      call('read-inbox', () => {
        const entry = world.inbox.get(name);
        if (entry === undefined || !isSameFile(entry.identity, identity)) return failure({ kind: 'changed' } as const);
        return success({ text: entry.text });
      }),
    acceptInbox: (name, identity, id, text) =>
      call(
        'accept',
        () => {
          const by = findTwin(id);
          if (by !== null) {
            return { kind: 'in-use', by, same: by.column === 'queued' && stored(by).text === text } as const;
          }
          world.folders.delete(id);
          const file = { text, userText: text, identity: world.identify(text) };
          world.columns.queued.set(fileNameOf(id), file);
          world.accepted++;
          world.note(() => `accepted ${name} as ${id}`);
          const original = world.inbox.get(name);
          if (original !== undefined && isSameFile(original.identity, identity)) world.inbox.delete(name);
          return {
            kind: 'accepted',
            file: { column: 'queued', name: fileNameOf(id), identity: file.identity },
          } as const;
        },
        alone,
      ),
    dropInbox: (name, identity) =>
      call(
        'drop',
        () => {
          const entry = world.inbox.get(name);
          if (entry !== undefined && isSameFile(entry.identity, identity)) world.inbox.delete(name);
        },
        alone,
      ),
    readTask: (file) =>
      call('read-task', () => {
        const found = world.columns[file.column].get(file.name);
        if (found === undefined) return failure({ kind: 'changed' } as const);
        return success({ text: found.text, file: { column: file.column, name: file.name, identity: found.identity } });
      }),
    moveTask: (file, to) =>
      call(
        'move',
        () => {
          const { identity } = stored(file);
          if (file.column === to) return { ...file, identity };
          let { name } = file;
          for (let number = 2; world.columns[to].has(name); number++) {
            if (to !== 'archive') throw new PortError(`${to}/${name} is there already`, { code: 'EEXIST' });
            name = file.name.replace(/\.md$/, `~${number}.md`);
          }
          world.checkMove(file, to);
          world.note(() => `moved ${file.column}/${file.name} to ${to}/${name}`);
          world.rename(file, to, name);
          return { column: to, name, identity };
        },
        alone,
      ),
    rewriteTask: (file, text) =>
      call(
        'rewrite',
        () => {
          const found = stored(file);
          if (!isSameFile(found.identity, file.identity)) throw new PortError('it was changed', { code: 'ESTALE' });
          world.checkText(found, text, file.name);
          found.text = text;
          found.identity = world.identify(text);
          return { ...file, identity: found.identity };
        },
        alone,
      ),
    readFacts: (task) =>
      call('read-facts', () => {
        const folder = world.folders.get(task);
        const runs = [...(folder?.runs.values() ?? [])].map(({ plan, record }) => ({ plan, record }));
        return { highestRun: runs.at(-1)?.plan.n ?? 0, runs, verdict: folder?.verdict ?? null };
      }),
    readVerdict: (task) => call('read-verdict', () => world.folders.get(task)?.verdict ?? null),
    writePlan: (plan) =>
      call('write-plan', () => {
        const { runs } = world.folderOf(plan.task);
        if (runs.has(plan.n))
          throw new PortError(`run ${plan.n} of ${plan.task} is planned already`, { code: 'EEXIST' });
        if (plan.attempt > world.maxRetriesEver + 1) world.breakOff(`${plan.task} makes attempt ${plan.attempt}`);
        if (plan.freeRestarts > limits.maxFreeRestarts) world.breakOff(`${plan.task} restarts for ever`);
        runs.set(plan.n, { plan, record: null, claim: 'none' });
      }),
    writeRecord: (run, record) =>
      call(
        'write-record',
        () => {
          const folder = folderOfRun(run);
          if (folder !== undefined) folder.record = record;
        },
        {
          onFault: () => {
            const folder = folderOfRun(run);
            if (folder !== undefined) world.unrecorded.add(folder.plan);
          },
        },
      ),
    writeReport: () => call('write-report', () => undefined),
    writePrompt: (run, text) =>
      call('write-prompt', () => {
        if (text.startsWith('/')) world.breakOff(`the prompt of ${run.task} begins with a slash`);
      }),
    writeVerdict: (task, verdict) =>
      call('write-verdict', () => {
        world.folderOf(task).verdict = verdict;
      }),
    readHold: () => call('read-hold', () => world.hold, { safe: true }),
    writeHold: (hold) =>
      call('write-hold', () => {
        world.hold = hold;
      }),
    writeBoardData: () => call('write-data', () => undefined),
  };
}

/** Branches and worktrees. */
export function makeWorktrees(world: World, call: Call): Worktrees {
  const slow = { slow: true } as const;
  return {
    resolveBase: (request) =>
      call('resolve-base', () => {
        for (const { id, tip, report } of request.dependencies) {
          const verdict = world.folders.get(id)?.verdict;
          const isDone = world.columns.done.has(fileNameOf(id)) && verdict?.column === 'done';
          if (isDone && verdict.commits > 0 && tip === null && report === null) {
            world.breakOff(`${request.task} is not based on the work of ${id}`);
          }
        }
        if (request.dependencies.length > 1 && world.random.chance(world.weather.trouble / 4)) {
          return failure({ sides: ['task/a', 'task/b'] as const, files: ['a.txt'] });
        }
        return success({ commit: 'base' });
      }),
    choose: (task, base, readsOnly) =>
      call('choose', () => {
        let name: string = task;
        for (let number = 2; world.trees.has(`/trees/${name}`); number++) name = `${task}-${number}`;
        const path = `/trees/${name}`;
        return readsOnly
          ? { kind: 'detached' as const, path, base }
          : { kind: 'branch' as const, path, base, branch: `task/${name}` };
      }),
    findMerged: (_base, tasks) =>
      call('find-merged', () => tasks.filter(() => world.random.chance(world.weather.trouble / 10))),
    prepare: ({ workspace }) =>
      call(
        'prepare',
        () => {
          const { path, base } = workspace;
          const known = world.trees.get(path);
          const branch = workspace.kind === 'branch' ? workspace.branch : null;
          if (known === undefined) world.trees.set(path, { branch, base, commits: 0, dirty: false, ready: true });
          else known.ready = true;
        },
        slow,
      ),
    inspect: ({ workspace }) =>
      call('inspect', () => {
        const tree = world.trees.get(workspace.path);
        if (tree === undefined) throw new PortError('the worktree is gone');
        const { commits } = tree;
        const dirty = tree.dirty ? ['left.txt'] : [];
        return { tip: `tip-${commits}`, commits, diffstat: { files: commits, insertions: 1, deletions: 0 }, dirty };
      }),
    keep: () => call('keep', () => undefined),
    release: ({ workspace }) =>
      call(
        'release',
        () => {
          const tree = world.trees.get(workspace.path);
          if (tree !== undefined) tree.ready = false;
        },
        slow,
      ),
  };
}

/** Checks that pass or fail. */
export function makeCommands(world: World, call: Call): CommandRunner {
  return {
    run: (argv) =>
      call(
        'verify',
        () => {
          const ok = !world.random.chance(world.weather.trouble / 2);
          return { argv, ok, outputTail: ok ? '' : 'it is red' };
        },
        { slow: true },
      ),
  };
}

/** The dashboard. To print it takes most of a simulation's time, so that only some simulations do. */
export function makeDashboard(world: World, call: Call, isPrinted: boolean): DashboardFile {
  return {
    update: (compose) =>
      call('update-dashboard', () => {
        const current =
          world.dashboard === null && world.notes === '' ? null : replaceNotes(world.dashboard ?? '', world.notes);
        world.dashboard = isPrinted ? compose(current) : current;
        const { notes } = extractNotes(world.dashboard ?? '');
        if (isPrinted && notes !== world.notes) world.breakOff('the user notes were changed');
      }),
    settle: () => call('settle-dashboard', () => undefined),
    readNotes: () => call('read-notes', () => world.notes),
  };
}

const parsedSettings = new Map<
  string,
  { readonly settings: Settings | null; readonly problems: readonly Diagnostic[] }
>();

/** The settings file. */
export function makeSettingsFile(world: World, call: Call): SettingsFile {
  let known = -1;
  return {
    readIfChanged: () =>
      call(
        'read-settings',
        () => {
          if (known === world.settingsVersion) return null;
          known = world.settingsVersion;
          let read = parsedSettings.get(world.settingsText);
          if (read === undefined) {
            const { value, diagnostics } = parseSettings(world.settingsText, 'config.yaml');
            read = { settings: value ?? null, problems: diagnostics };
            parsedSettings.set(world.settingsText, read);
          }
          return read;
        },
        { safe: true },
      ),
  };
}

/** The history. */
export function makeJournal(world: World, call: Call): Journal {
  return {
    append: (entry) =>
      call('journal', () => {
        world.journal.push(entry);
        world.note(() => `journal ${JSON.stringify(entry)}`);
      }),
    sumCosts: () =>
      call(
        'sum-costs',
        () => world.journal.reduce((sum, entry) => sum + (entry.type === 'run-ended' ? entry.costUsd : 0), 0),
        { safe: true },
      ),
  };
}

/** Hints that something changed. */
export function makeHints(world: World, life: Life): ChangeHints {
  return {
    watch(hint) {
      const hinter = () => {
        if (life.alive) hint();
      };
      world.hinters.add(hinter);
      return Promise.resolve(() => {
        world.hinters.delete(hinter);
        return Promise.resolve();
      });
    },
  };
}

const roles: readonly Role[] = [
  { name: 'developer', tools: null },
  { name: 'scout', tools: ['Read', 'Grep'] },
].map((role) => ({ ...role, description: '', model: null, instructions: 'Do it.', source: 'shipped' }));

/** Whether a role's tasks are done with a report. */
export function isReadingRole(name: string): boolean {
  return roles.some((role) => role.name === name && isReader(role));
}

/** Two roles. */
export function makeRoles(call: Call): Roles {
  return {
    find: (name) =>
      call('find-role', () => {
        const role = roles.find((each) => each.name === name);
        if (role !== undefined) return role;
        throw new PortError(`no role ${name}`, {
          fault: { reason: 'setup-failed', detail: `There is no role ${name}.` },
        });
      }),
  };
}
