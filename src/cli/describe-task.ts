/** One task with its runs as data: what `show --json` prints, and what the control channel gives. */
import { basename } from 'node:path';
import { readTaskFacts } from '../adapters/files/facts.ts';
import { readTextFile } from '../adapters/files/reader.ts';
import type { Redactor } from '../adapters/redaction/redactor.ts';
import { listOffers, workOf } from '../core/commands/offers.ts';
import { parseTask } from '../daemon/parse-task.ts';
import { redactTexts } from '../daemon/redact-event.ts';
import { revealHiddenCharacters } from '../domain/hidden-characters.ts';
import { limits } from '../domain/limits.ts';
import { listHiddenLines } from '../markdown/hidden-lines.ts';
import { stripStory } from '../markdown/story.ts';
import type { BoardData } from '../views/board-data.ts';
import type { TaskDescription } from '../views/task-description.ts';
import type { Place } from './place.ts';
import { findTaskData } from './read-board.ts';
import type { FoundTask } from './task-files.ts';

/** Lines with hidden characters that are written out. */
const maxHiddenLines = 20;

/** A task as its facts and its file tell it, beside what the board tells of it. Throws PortError where a folder is not the user's. */
export async function describeTask(
  { layout }: Place,
  found: FoundTask,
  board: BoardData,
  redact: Redactor,
): Promise<TaskDescription> {
  const { id, column, path } = found;
  const { runs, verdict, review: noted, damaged } = redactTexts(await readTaskFacts(layout, id), redact);
  const { warnings, hiddenLines } = await readNotices(found);
  const task = redactTexts(findTaskData(board, id), redact) ?? null;
  // Merged by hand, where no board has noted that yet.
  const at = noted?.state === 'ready' && task?.mergedAt != null ? Date.parse(task.mergedAt) : null;
  const review = noted === null || at === null ? noted : ({ ...noted, state: 'merged', at } as const);
  const commands = listOffers(column, id, workOf(verdict, review));
  const shown = redactTexts(warnings, redact);
  const hidden = hiddenLines
    .slice(0, maxHiddenLines)
    .map(({ number, text }) => ({ number, text: redact(revealHiddenCharacters(text)) }));
  return {
    ...{ version: 2, id, column, file: path, task, verdict, review, runs, commands, warnings: shown },
    ...{ damaged, hiddenLines: hidden, daemon: board.daemon, paused: board.paused },
  };
}

/** Warnings about its file. */
async function readNotices({ column, path }: FoundTask) {
  const name = basename(path);
  const read = await readTextFile(path, `.orchestrator/${column}/${name}`, limits.maxTaskFileBytes);
  if (!read.ok) return { warnings: [], hiddenLines: [] };
  const { text, identity } = read.value;
  const { diagnostics } = parseTask({ text, file: { column, name, identity } });
  return {
    warnings: diagnostics.filter(({ severity }) => severity === 'warning'),
    hiddenLines: listHiddenLines(stripStory(text)),
  };
}
