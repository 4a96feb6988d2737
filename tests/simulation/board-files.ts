/** The board's folder in memory: columns whose files have versions, renamed one at a time, and facts about runs. */
import { isSameFile, type FileIdentity, type TaskFile } from '../../src/domain/board.ts';
import { mergedAtOf } from '../../src/domain/review.ts';
import { limits } from '../../src/domain/limits.ts';
import { failure, success } from '../../src/domain/result.ts';
import {
  columns,
  fileNameOf,
  idOfFile,
  keyOf,
  withoutNumber,
  type Column,
  type TaskId,
} from '../../src/domain/task.ts';
import { PortError, type BoardFiles } from '../../src/ports.ts';
import type { Call } from './calls.ts';
import type { World } from './world.ts';

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
    const unsettled = new Map<string, number>();
    for (const [name, { identity }] of world.inbox) {
      const settlesAt = identity.mtimeMs + limits.inboxQuietMs;
      if (settlesAt <= world.wall) inbox.set(name, identity);
      else unsettled.set(name, settlesAt);
    }
    return { inbox, strays: new Map(world.strays), unsettled };
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
        commands: [...world.commands.keys()].sort(),
        grants: world.grants,
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
            return {
              kind: 'in-use',
              by,
              same: (by.column === 'queued' || by.column === 'active') && stored(by).text === text,
            } as const;
          }
          world.folders.delete(id);
          world.dropGrant(id);
          const file = { text, userText: text, identity: world.identify(text) };
          world.columns.queued.set(fileNameOf(id), file);
          world.accepted++;
          world.note(() => `accepted ${name} as ${id}`);
          const original = world.inbox.get(name);
          if (original !== undefined && isSameFile(original.identity, identity)) world.inbox.delete(name);
          return {
            kind: 'accepted',
            file: { column: 'queued', name: fileNameOf(id), identity: file.identity },
            grant: null,
          } as const;
        },
        alone,
      ),
    layInbox: (id, text) =>
      call(
        'lay-inbox',
        () => {
          const name = fileNameOf(id);
          const isThere = world.inbox.has(`inbox/${name}`) || findTwin(id) !== null || world.columns.archive.has(name);
          if (!isThere) world.inbox.set(`inbox/${name}`, { text, identity: world.identify(text) });
          return !isThere;
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
          const own = file.column === 'archive' ? withoutNumber(file.name) : file.name;
          let name = own;
          for (let number = 2; world.columns[to].has(name); number++) {
            if (to !== 'archive') throw new PortError(`${to}/${name} is there already`, { code: 'EEXIST' });
            name = own.replace(/\.md$/, `~${number}.md`);
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
    setAside: (file, keeper) =>
      call(
        'set-aside',
        () => {
          const [mine, other] = [file, keeper].map((each) => world.columns[each.column].get(each.name));
          if (mine === undefined || other === undefined || mine === other) return null;
          let { name } = file;
          for (let number = 2; world.columns.archive.has(name); number++)
            name = file.name.replace(/\.md$/, `~${number}.md`);
          world.note(() => `set ${file.column}/${file.name} aside as archive/${name}`);
          world.rename(file, 'archive', name);
          return { column: 'archive', name, identity: mine.identity } as const;
        },
        alone,
      ),
    readFacts: (task) =>
      call('read-facts', () => {
        const folder = world.folders.get(task);
        const all = [...(folder?.runs.values() ?? [])];
        const runs = all
          .filter((run) => !run.damaged.has('plan'))
          .map(({ plan, record, damaged }) => ({ plan, record: damaged.has('record') ? null : record }));
        const damaged = all.flatMap((run) => [...run.damaged].map((what) => `${run.plan.n}/${what}.json`));
        if (folder?.isVerdictDamaged === true) damaged.push('verdict.json');
        const verdict = folder?.isVerdictDamaged === true ? null : (folder?.verdict ?? null);
        if (folder?.isReviewDamaged === true) damaged.push('review.json');
        const review = folder?.isReviewDamaged === true ? null : (folder?.review ?? null);
        return { highestRun: all.at(-1)?.plan.n ?? 0, runs, damaged, verdict, review };
      }),
    readVerdict: (task) =>
      call('read-verdict', () => {
        const folder = world.folders.get(task);
        return folder?.isVerdictDamaged === true ? 'damaged' : (folder?.verdict ?? null);
      }),
    readReview: (task) =>
      call('read-review', () => {
        const folder = world.folders.get(task);
        return folder?.isReviewDamaged === true ? 'damaged' : (folder?.review ?? null);
      }),
    readEnds: (files) =>
      call('read-ends', () =>
        files.flatMap((file) => {
          const id = idOfFile(file.name);
          const stored = world.columns[file.column].get(file.name);
          if (id === null || stored === undefined) return [];
          const folder = world.folders.get(id);
          const putAwayAt = world.putAwayAt.get(file.name) ?? stored.identity.mtimeMs;
          return {
            file,
            mergedAt: folder?.isReviewDamaged === true ? null : mergedAtOf(folder?.review ?? null),
            putAwayAt: file.column === 'archive' ? putAwayAt : null,
            hasRemains: (folder?.runs.size ?? 0) > 1,
          };
        }),
      ),
    removeRemains: (file) =>
      call(
        'remove-remains',
        () => {
          const id = idOfFile(file.name);
          const isBack = (['queued', 'active', 'attention'] as const).some((each) =>
            world.columns[each].has(file.name),
          );
          if (id === null || isBack || !world.columns[file.column].has(file.name)) return { runs: 0, bytes: 0 };
          const folder = world.folderOf(id);
          world.checkPruned(file, folder);
          const numbers = [...folder.runs.keys()].sort((a, b) => a - b).slice(0, -1);
          for (const n of numbers) folder.runs.delete(n);
          return { runs: numbers.length, bytes: numbers.length };
        },
        alone,
      ),
    writePlan: (plan) =>
      call('write-plan', () => {
        const { runs } = world.folderOf(plan.task);
        if (runs.has(plan.n))
          throw new PortError(`run ${plan.n} of ${plan.task} is planned already`, { code: 'EEXIST' });
        if (plan.attempt > world.maxRetriesEver + 1) world.breakOff(`${plan.task} makes attempt ${plan.attempt}`);
        if (plan.freeRestarts > limits.maxFreeRestarts) world.breakOff(`${plan.task} restarts for ever`);
        runs.set(plan.n, { plan, record: null, claim: 'none', damaged: new Set() });
      }),
    replacePlan: (plan) =>
      call('replace-plan', () => {
        const folder = folderOfRun(plan);
        if (folder === undefined) world.breakOff(`a run of ${plan.task} that is not there has another base`);
        else folder.plan = plan;
      }),
    writeRecord: (run, record) =>
      call(
        'write-record',
        () => {
          const folder = folderOfRun(run);
          folder?.damaged.delete('record');
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
        const folder = world.folderOf(task);
        folder.verdict = verdict;
        folder.isVerdictDamaged = false;
      }),
    readPage: () => call('read-page', () => null),
    writeReview: (task, review) =>
      call('write-review', () => {
        const folder = world.folderOf(task);
        world.checkReview(task, folder, review);
        folder.review = review;
        folder.isReviewDamaged = false;
      }),
    readGrant: (task) => call('read-grant', () => world.grants.get(keyOf(task)) ?? null),
    dropGrant: (task) =>
      call('drop-grant', () => {
        if (findTwin(task) === null) world.dropGrant(task);
      }),
    findSession: () => Promise.resolve(null),
    readCommand: (id) =>
      call('read-command', () => {
        const request = world.commands.get(id);
        return request === undefined ? { kind: 'gone' } : { kind: 'known', request };
      }),
    removeCommand: (id) => call('remove-command', () => void world.commands.delete(id), alone),
    writeCommand: (request) =>
      call(
        'write-command',
        () => {
          if (!world.commands.has(request.id)) world.commands.set(request.id, request);
          world.asLine.add(request.id);
        },
        alone,
      ),
    readLines: () => call('read-lines', () => world.lines),
    writeLines: (lines) => call('write-lines', () => void (world.lines = lines)),
    readPause: () => call('read-pause', () => world.paused, { safe: true }),
    writePause: (paused) =>
      call('write-pause', () => {
        world.paused = paused;
      }),
    readHold: () => call('read-hold', () => world.hold, { safe: true }),
    writeHold: (hold) =>
      call(
        'write-hold',
        () => {
          world.hold = hold;
          world.holdWrittenAt = world.wall;
          world.isClockSetSince = false;
          world.isLiftUnwritten = false;
        },
        {
          onFault: () => {
            world.isLiftUnwritten = hold === null;
          },
        },
      ),
    writeBoardData: () => call('write-data', () => undefined),
  };
}
