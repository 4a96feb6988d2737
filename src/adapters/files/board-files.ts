/** The board's folder on disk. One call at a time changes or lists the columns, so that a scan never sees half a move. */
import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { codeOf } from '../machine/errors.ts';
import { isSameFile, type TaskFile } from '../../domain/board.ts';
import type { Hold } from '../../domain/hold.ts';
import { limits } from '../../domain/limits.ts';
import { failure, success } from '../../domain/result.ts';
import { columns, fileNameOf, idOfFile, withoutNumber, type Column, type TaskId } from '../../domain/task.ts';
import { PortError, type BoardFiles, type Clock } from '../../ports.ts';
import { Acceptance, removeIfSame } from './acceptance.ts';
import { makeFolder, replaceFile, syncFolder, syncOrUndo, writeAnew } from '../machine/durable.ts';
import { exists } from '../machine/file-presence.ts';
import { readCommand, removeCommand, writeCommandOnce } from './command-files.ts';
import { holdFormat, linesFormat } from './fact-shapes.ts';
import {
  readFact,
  replaceFact,
  readTaskFacts,
  readReviewFact,
  readVerdictFact,
  replacePlanFact,
  writePlanFact,
  writeRecordFact,
  writePromptFile,
  writeReportFile,
  writeReviewFact,
  writeVerdictFact,
} from './facts.ts';
import { readGrant, removeGrant } from './grants.ts';
import { layInbox } from './lay-inbox.ts';
import { boardFolderName, type Layout } from './layout.ts';
import { checkFolders } from './own-folders.ts';
import { identify, readTextFile } from './reader.ts';
import { readSavedPage } from './review-file.ts';
import { readEnds, removeRemains } from './remains.ts';
import { Scanner } from './scanner.ts';
import { findSession } from './session-file.ts';

/** The port on real files. */
export function createBoardFiles(layout: Layout, clock: Clock): BoardFiles {
  const oneAtATime = pLimit(1);
  const scanner = new Scanner(layout, clock);
  const acceptance = new Acceptance(layout, clock, oneAtATime);

  const pathOf = (file: { readonly column: Column; readonly name: string }) =>
    join(layout.column(file.column), file.name);
  const shownAs = (folder: string, name: string) => `${boardFolderName}/${folder}/${name}`;

  async function locate(column: Column, name: string): Promise<TaskFile> {
    return { column, name, identity: identify(await lstat(pathOf({ column, name }))) };
  }

  async function move(file: TaskFile, to: Column): Promise<TaskFile> {
    if (file.column === to) return locate(to, file.name);
    await makeFolder(layout.column(to));
    // Only the archive numbers namesakes; anywhere else a numbered name would be another task's.
    const own = file.column === 'archive' ? withoutNumber(file.name) : file.name;
    const name = await findFreeName(to, own);
    try {
      await rename(pathOf(file), pathOf({ column: to, name }));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      throw new PortError(`${shownAs(file.column, file.name)} is no longer there`, { code: 'ENOENT', cause: error });
    }
    await syncOrUndo([layout.column(to), layout.column(file.column)], () =>
      rename(pathOf({ column: to, name }), pathOf(file)),
    );
    return locate(to, name);
  }

  async function setAside(file: TaskFile, keeper: TaskFile): Promise<TaskFile | null> {
    const [mine, other] = await Promise.all([file, keeper].map((each) => lstat(pathOf(each)).catch(() => null)));
    return mine == null || other == null || mine.ino === other.ino ? null : move(file, 'archive');
  }

  /** The archive takes namesakes under a numbered name; elsewhere a name that is taken is an error. */
  async function findFreeName(to: Column, name: string): Promise<string> {
    for (let number = 1; ; number++) {
      const candidate = number === 1 ? name : name.replace(/\.md$/, `~${String(number)}.md`);
      if ((await lstat(pathOf({ column: to, name: candidate })).catch(() => null)) === null) return candidate;
      if (to !== 'archive') {
        throw new PortError(`${shownAs(to, name)} is there already; move one of the two away`, { code: 'EEXIST' });
      }
    }
  }

  /** It may have come back meanwhile. */
  async function dropGrant(task: TaskId): Promise<void> {
    const places = columns
      .filter((column) => column !== 'archive')
      .map((column) => pathOf({ column, name: fileNameOf(task) }));
    const found = await Promise.all(places.map((path) => lstat(path).catch(() => null)));
    if (found.every((stats) => stats === null)) await removeGrant(layout, task);
  }

  /** A task that came back, or another one of its name, needs what it left. */
  async function prune(file: TaskFile) {
    const places = (['queued', 'active', 'attention', file.column] as const).map((column) =>
      pathOf({ column, name: file.name }),
    );
    const found = await Promise.all(places.map((path) => lstat(path).catch(() => null)));
    const id = idOfFile(file.name);
    const isFinished = found.at(-1) != null && found.slice(0, -1).every((stats) => stats === null);
    return isFinished && id !== null ? removeRemains(layout, id) : { runs: 0, bytes: 0 };
  }

  async function rewrite(file: TaskFile, text: string): Promise<TaskFile> {
    const path = pathOf(file);
    const stats = await lstat(path);
    if (!isSameFile(identify(stats), file.identity)) {
      throw new PortError(`${shownAs(file.column, file.name)} was changed meanwhile`, { code: 'ESTALE' });
    }
    await replaceFile(path, text);
    return locate(file.column, file.name);
  }

  /** Nothing is listed, read or written in a folder that is not the user's own. */
  const inside = async <Value>(folders: readonly string[], work: () => Promise<Value>): Promise<Value> => {
    checkFolders(folders);
    return work();
  };
  // The dashboard looks after its own; that it can't be written holds no task up.
  const folders = layout.folders.filter((folder) => folder !== layout.dashboardBackups);
  const inColumns = <Value>(work: () => Promise<Value>) => inside(folders, work);
  const inTurn = <Value>(work: () => Promise<Value>) => oneAtATime(() => inColumns(work));
  const inRuns = <Value>(work: () => Promise<Value>) => inside([layout.root, layout.runs], work);
  const inRoot = <Value>(work: () => Promise<Value>) => inside([layout.root], work);

  return {
    scan: () => inTurn(() => scanner.scan()),
    readInbox: (path, identity) =>
      inColumns(async () => {
        const shown = `${boardFolderName}/${path}`;
        const read = await readTextFile(join(layout.root, path), shown, limits.maxTaskFileBytes);
        if (!read.ok) return read;
        return isSameFile(read.value.identity, identity)
          ? success({ text: read.value.text })
          : failure({ kind: 'changed' });
      }),
    acceptInbox: (path, identity, id, text) => inColumns(() => acceptance.accept({ path, identity, id, text })),
    layInbox: (id, text) => inTurn(() => layInbox(layout, id, text)),
    dropInbox: (path, identity) => inTurn(() => removeIfSame(join(layout.root, path), identity)),
    readTask: (file) =>
      inColumns(async () => {
        // A story may make a task's file longer than the user's own text may be.
        const read = await readTextFile(pathOf(file), shownAs(file.column, file.name), 2 * limits.maxTaskFileBytes);
        if (!read.ok) return read;
        const { text, identity } = read.value;
        return success({ text, file: { column: file.column, name: file.name, identity } });
      }),
    moveTask: (file, to) => inTurn(() => move(file, to)),
    setAside: (file, keeper) => inTurn(() => setAside(file, keeper)),
    rewriteTask: (file, text) => inTurn(() => rewrite(file, text)),
    readFacts: (task) => inRuns(() => readTaskFacts(layout, task)),
    readVerdict: (task) => inRuns(() => readVerdictFact(layout, task)),
    readReview: (task) => inRuns(() => readReviewFact(layout, task)),
    writePlan: (plan) => inRuns(() => writePlanFact(layout, plan)),
    replacePlan: (plan) => inRuns(() => replacePlanFact(layout, plan)),
    writeRecord: (run, record) => inRuns(() => writeRecordFact(layout, run, record)),
    writeReport: (run, text) => inRuns(() => writeReportFile(layout, run, text)),
    writePrompt: (run, text) => inRuns(() => writePromptFile(layout, run, text)),
    writeVerdict: (task, verdict) => inRuns(() => writeVerdictFact(layout, task, verdict)),
    writeReview: (task, review) => inRuns(() => writeReviewFact(layout, task, review)),
    readPage: (task) => readSavedPage(layout, task),
    readEnds: (files) => inColumns(() => readEnds(layout, files)),
    removeRemains: (file) => inTurn(() => prune(file)),
    readGrant: (task) => inRoot(() => readGrant(layout, task)),
    dropGrant: (task) => inTurn(() => dropGrant(task)),
    readCommand: (id) => inRoot(() => readCommand(layout, id)),
    removeCommand: (id) => inTurn(() => removeCommand(layout, id)),
    readPause: () => inRoot(() => exists(layout.paused)),
    writePause: (paused) => inRoot(() => writePause(layout.paused, paused)),
    findSession: (task) => findSession(layout, task),
    readHold: () => inRoot(() => readFact(layout.hold, holdFormat)),
    writeHold: (hold) => inRoot(() => writeHoldFact(layout.hold, hold)),
    writeCommand: (request) => inTurn(() => writeCommandOnce(layout, request)),
    readLines: () => inRoot(async () => (await readFact(layout.lines, linesFormat))?.lines ?? []),
    writeLines: (lines) => inRoot(() => replaceFact(layout.lines, linesFormat, { version: 1, lines })),
    writeBoardData: (json) =>
      inRoot(() => replaceBoardData(join(layout.root, '.queue.json.tmp'), layout.boardData, json)),
  };
}

async function writeHoldFact(path: string, hold: Hold | null): Promise<void> {
  if (hold === null) await rm(path, { force: true });
  else await replaceFact(path, holdFormat, { version: 1, ...hold });
}

async function writePause(path: string, paused: boolean): Promise<void> {
  if (paused) await replaceFile(path, '');
  else {
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  }
}

/** `queue.json` is derived, so it is whole but need not survive a power cut. */
async function replaceBoardData(temporary: string, path: string, json: string): Promise<void> {
  await writeAnew(temporary, json);
  await rename(temporary, path);
}
