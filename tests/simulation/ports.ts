/** The daemon's smaller ports on the simulated world. */
import type { Diagnostic } from '../../src/domain/diagnostic.ts';
import type { HistoryEntry } from '../../src/domain/history.ts';
import type { KnownNote } from '../../src/domain/agent-note.ts';
import type { PullRequests } from '../../src/domain/pull-request.ts';
import { limits } from '../../src/domain/limits.ts';
import { nameRun } from '../../src/domain/run.ts';
import { failure, success } from '../../src/domain/result.ts';
import { followPlace, type LastPlace } from '../../src/domain/last-place.ts';
import { fileNameOf, type TaskId, type TaskKey } from '../../src/domain/task.ts';
import type { Settings } from '../../src/domain/settings.ts';
import { parseSettings } from '../../src/markdown/settings-file.ts';
import { extractNotes, replaceNotes } from '../../src/markdown/user-zones.ts';
import {
  PortError,
  type ChangeHints,
  type Clock,
  type CommandRunner,
  type DashboardFile,
  type Disk,
  type Journal,
  type Notes,
  type Roles,
  type SettingsFile,
  type Worktrees,
} from '../../src/ports.ts';
import type { Role } from '../../src/domain/role.ts';
import type { Call } from './calls.ts';
import { tipOf, type Life, type SimulatedNote, type World } from './world.ts';

/** A clock that a dead daemon no longer hears. Sweeps are stretched: a late timer must do no harm. */
export function makeClock(world: World, life: Life, sweepEveryMs: number): Clock {
  let uuids = 0;
  return {
    now: () => world.wall,
    monotonic: () => world.time.now,
    setTimer(delayMs, wake) {
      if (!life.alive) return () => undefined;
      return world.time.after(delayMs === limits.sweepEveryMs ? sweepEveryMs : delayMs, () => {
        if (life.alive) wake();
      });
    },
    day: (at) => new Date(at).toISOString().slice(0, 10),
    timeOfDay: (at) => new Date(at).toISOString().slice(11, 19),
    bootId: `boot ${world.boots}`,
    uuid: () => `${String(life.number).padStart(3, '0')}${String(uuids++).padStart(5, '0')}-session`,
  };
}

/** A disk that is full now and then. */
export function makeDisk(world: World, call: Call): Disk {
  return { hasRoom: () => call('look-at-disk', () => !world.diskFull, { safe: true }) };
}

/** A host that now and then takes nothing, or tells that a pull request was merged or closed. */
export function makePulls(world: World, call: Call): PullRequests {
  return {
    propose: ({ task, commit, into }) =>
      call(
        'propose',
        () => {
          const [branch = 'main'] = into;
          const url = `https://example.com/o/r/pull/${task.slice(1)}`;
          const pull = { url, number: Number(task.slice(1)), into: branch, commit, state: 'open' as const };
          return world.random.pick([
            { kind: 'opened' as const, pull },
            { kind: 'updated' as const, pull },
            { kind: 'refused' as const, why: 'gh is not logged in', hint: 'Type: gh auth login' },
          ]);
        },
        { slow: true },
      ),
    look: () => call('look-at-pull', () => world.random.pick(['open', 'merged', 'closed', null] as const)),
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
        const found = world.conflicts.find(request, world.weather.trouble / 2);
        return 'base' in found ? success({ commit: found.base }) : failure(found.conflict);
      }),
    keepResolution: ({ task, conflict, tip }) =>
      call('keep-resolution', () => {
        const problem = world.conflicts.keep(task, conflict, tip);
        if (problem !== null) world.breakOff(problem);
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
    findMerged: (_base, works) =>
      call('find-merged', () =>
        works.filter(() => world.random.chance(world.weather.trouble / 10)).map(({ id }) => id),
      ),
    prepare: ({ task, cause, workspace }) =>
      call(
        'prepare',
        () => {
          // A first run is another task's of that id.
          if (cause.kind === 'first') world.discarded.delete(task);
          if (world.discarded.has(task)) world.breakOff(`${task} starts without its branch, which was discarded`);
          const { path, base } = workspace;
          const known = world.trees.get(path);
          const branch = workspace.kind === 'branch' ? workspace.branch : null;
          if (known === undefined) world.trees.set(path, { branch, base, commits: 0, dirty: false, ready: true });
          else known.ready = true;
        },
        slow,
      ),
    open: ({ workspace: { path } }, isDone) =>
      call('open', () => {
        const known = world.trees.get(path);
        if (known !== undefined) known.ready ||= !isDone;
      }),
    readProject: () => call('readProject', () => ({ kind: 'as-checked-out' as const })),
    noteRefs: () => call('note-refs', () => undefined),
    listMoved: () => Promise.resolve([]),
    inspect: (plan) =>
      call('inspect', () => {
        const { workspace } = plan;
        const tree = world.trees.get(workspace.path);
        if (tree === undefined) throw new PortError('the worktree is gone');
        const { commits } = tree;
        const dirty = tree.dirty ? ['left.txt'] : [];
        return {
          tip: tipOf(commits),
          commits,
          diffstat: { files: commits, insertions: 1, deletions: 0 },
          ...{ asGiven: [], ignored: [], repositories: [], elsewhere: [] },
          merge: world.conflicts.inspect(plan, tipOf(commits), world.weather.trouble),
          changesWhatRuns: [],
          dirty,
        };
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
    keepReviewed: ({ branch, base, tip }) =>
      call('keep-reviewed', () => {
        const tree = [...world.trees.values()].find((each) => each.branch === branch);
        const now = tree === undefined ? tip : tipOf(tree.commits);
        return now === tip ? { kind: 'kept' as const, base } : { kind: 'elsewhere' as const, tip: now };
      }),
    discard: ({ id, branch, tip }) =>
      call('discard', () => {
        const tree = [...world.trees.values()].find((each) => each.branch === branch);
        const now = tree === undefined ? tip : tipOf(tree.commits);
        if (now !== tip) return { kind: 'refused' as const, why: `${branch} is at ${now}`, hint: 'Look.' };
        world.discarded.add(id);
        return { kind: 'discarded' as const };
      }),
    restore: ({ id }) => call('restore', () => void world.discarded.delete(id)),
    prepareMerge: ({ task, commit }) =>
      call('prepare-merge', () => {
        const target = 'main';
        if (world.merged.has(`${task} ${commit}`)) return { kind: 'contained' as const, target };
        if (world.random.chance(world.weather.trouble / 4))
          return { kind: 'conflict' as const, target, files: ['a.txt'], commit: null };
        return { kind: 'prepared' as const, target, before: 'base', after: `${task} ${commit}`, isSameTree: false };
      }),
    finishMerge: ({ target, after }) =>
      call(
        'finish-merge',
        () => {
          if (world.random.chance(world.weather.trouble / 4)) return { kind: 'moved' as const };
          if (world.merged.has(after)) world.breakOff(`${after} was merged twice`);
          world.merged.add(after);
          return { kind: 'merged' as const, target, commit: after, followed: null };
        },
        slow,
      ),
    prepareRestack: ({ id, branch, tip, base }, _request, begun) =>
      call('prepare-restack', () => {
        const tree = [...world.trees.values()].find((each) => each.branch === branch);
        const now = tree === undefined ? null : tipOf(tree.commits);
        const size = { commits: 1, diffstat: { files: 1, insertions: 1, deletions: 0 }, changesWhatRuns: [] };
        const isMoved = begun !== null && world.restacked.get(id) === begun.base;
        if (begun !== null && isMoved) {
          return { kind: 'prepared' as const, ...begun, ...size, branch, isMoved, isSameTree: true };
        }
        if (now !== tip) return { kind: 'refused' as const, why: 'it is elsewhere by now', hint: '' };
        if (world.random.chance(world.weather.trouble / 4))
          return { kind: 'conflict' as const, files: ['a.txt'], commit: { id: tip, subject: 'Work' } };
        const next = { from: tip, tip, base: `${base}'` };
        return { kind: 'prepared' as const, ...next, ...size, branch, isMoved: false, isSameTree: false };
      }),
    finishRestack: ({ task }, { base }) =>
      call(
        'finish-restack',
        () => {
          if (world.folders.get(task)?.review?.restack?.base !== base) world.breakOff(`${task} moved without a word`);
          world.restacked.set(task, base);
          return null;
        },
        slow,
      ),
    findBehind: (works) =>
      call('find-behind', () =>
        works.map(({ id, dependencies }) => {
          const isBehind = world.random.chance(world.weather.trouble / 4);
          return { id, changed: isBehind ? dependencies.map((each) => each.id) : [] };
        }),
      ),
    findOverlaps: (_base, works) =>
      call('find-overlaps', () => {
        if (world.random.chance(0.1)) return null;
        const pairs = works.flatMap((one, at) => works.slice(at + 1).map((other) => [one.id, other.id] as const));
        return pairs.filter(() => world.random.chance(0.2)).map((between) => ({ between, files: ['shared.txt'] }));
      }),
    prune: ({ plan }) =>
      call(
        'prune',
        () => {
          const tree = plan === null ? undefined : world.trees.get(plan.workspace.path);
          if (tree !== undefined) tree.ready = false;
          return { worktrees: tree === undefined ? 0 : 1, refs: 1 };
        },
        slow,
      ),
  };
}

/** Checks that pass or fail. */
export function makeCommands(world: World, call: Call): CommandRunner {
  return {
    run: (argv, { plan }) =>
      call(
        'verify',
        () => {
          world.checkCommand(plan, argv);
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
    readNotes: () => call('read-notes', () => world.notes, { safe: true }),
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
  // What can't be written now is written with the next line, as by the real one; a kill loses it.
  let waiting: HistoryEntry[] = [];
  const flush = (): void => {
    for (const entry of waiting) {
      world.journal.push(entry);
      world.note(() => `journal ${JSON.stringify(entry)}`);
    }
    waiting = [];
  };
  return {
    append: (entry) => {
      waiting.push(entry);
      return call('journal', flush);
    },
    settle: () => call('settle-journal', flush),
    readSpending: (day) =>
      call(
        'read-spending',
        () => {
          const ends = world.journal.filter((entry) => entry.type === 'run-ended');
          return { day, costs: new Map(ends.map((end) => [nameRun(end.run, end.plannedAt), end.costUsd])) };
        },
        { safe: true },
      ),
    readPlaces: () =>
      call(
        'read-places',
        () => {
          const places = new Map<TaskKey, LastPlace>();
          for (const entry of world.journal) followPlace(places, entry);
          return places;
        },
        { safe: true },
      ),
    findSettled: (id) =>
      call(
        'find-settled',
        () => {
          const found = [...world.journal, ...waiting].find((entry) => entry.type === 'command' && entry.id === id);
          if (found?.type !== 'command') return null;
          const { command, outcome, said } = found;
          if (outcome === 'done') return { command, answer: { kind: 'done', said } };
          return { command, answer: { kind: 'refused', why: outcome, said, hint: null } };
        },
        { safe: true },
      ),
  };
}

/** Notes to agents, which take them while no daemon looks. */
export function makeNotes(world: World, call: Call): Notes {
  const toldAt = (task: TaskId, n: number | null) => {
    const claim = n === null ? undefined : world.folderOf(task).runs.get(n)?.claim;
    return claim === undefined || typeof claim === 'string' ? null : claim.startedAt;
  };
  const show = (task: TaskId, { key, text, at, toldBy, readAt }: SimulatedNote): KnownNote => ({
    ...{ key, text, at },
    readAt: readAt ?? toldAt(task, toldBy),
  });
  const lay: Notes['lay'] = (task, note) =>
    call('lay-note', () => {
      const { notes } = world.folderOf(task);
      if (notes.has(note.key)) return;
      // A line of User Notes is told anew to a task that takes the id of an earlier one.
      const isLine = note.key.startsWith('line-');
      if (!isLine && world.laid.has(note.key)) world.breakOff(`the note ${note.key} was laid down twice`);
      world.laid.add(note.key);
      notes.set(note.key, { ...note, toldBy: null, readAt: null });
    });
  return {
    mark: () => call('mark-notes', () => 'mark'),
    lay,
    layAnswer: lay,
    list: (task) => call('list-notes', () => [...world.folderOf(task).notes.values()].map((note) => show(task, note))),
    take: ({ task, n }) =>
      call('take-notes', () => {
        const open = [...world.folderOf(task).notes.values()].filter((note) => show(task, note).readAt === null);
        for (const note of open) note.toldBy = n;
        return open.map((note) => show(task, note));
      }),
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
  { name: 'integrator', tools: null },
  { name: 'scout', tools: ['Read', 'Grep'] },
  { name: 'planner', tools: ['Read', 'Grep'] },
].map((role) => ({
  ...role,
  runner: null,
  description: '',
  model: null,
  effort: null,
  instructions: 'Do it.',
  source: 'shipped',
}));

/** The roles that there are. */
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
