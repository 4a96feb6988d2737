/** A scratch board folder for the tests of the files' adapters, with a clock that stands where it is put. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layOut, type Layout } from '../../../src/adapters/files/layout.ts';
import { columns, parseTaskId, type TaskId } from '../../../src/domain/task.ts';
import type { Clock } from '../../../src/ports.ts';

/** A clock whose time is told to it. */
export class StandingClock implements Clock {
  time = Date.now();
  readonly bootId = 'boot';

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  setTimer(): () => void {
    throw new Error('no timers here');
  }

  day(at: number): string {
    return new Date(at).toISOString().slice(0, 10);
  }

  timeOfDay(at: number): string {
    return new Date(at).toISOString().slice(11, 19);
  }

  uuid(): string {
    return '00000000-0000-4000-8000-000000000000';
  }
}

/** A board's folders, empty. */
export class ScratchFolder {
  readonly root: string;
  readonly layout: Layout;
  readonly clock = new StandingClock();

  constructor() {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-files-')));
    this.layout = layOut(join(this.root, '.orchestrator'));
    for (const folder of [
      this.layout.inbox,
      this.layout.commands,
      ...columns.map((column) => this.layout.column(column)),
    ]) {
      mkdirSync(folder, { recursive: true });
    }
  }

  /** Writes a file below the board's folder; gives its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.layout.root, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A checked task id. */
export function taskId(text: string): TaskId {
  const id = parseTaskId(text);
  if (id === undefined) throw new Error(`${text} is no task id`);
  return id;
}
