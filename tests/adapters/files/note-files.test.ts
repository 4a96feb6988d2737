/** Notes to agents: each is told once, by the script that agents call or by a prompt, whoever is killed when. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotes } from '../../../src/adapters/files/note-files.ts';
import { closeClaim } from '../../../src/adapters/machine/run-claim.ts';
import { noteCommand, notesFolderOf } from '../../../src/adapters/machine/note-script.ts';
import type { Notes } from '../../../src/ports.ts';
import { ScratchFolder, taskId } from './scratch.ts';

const task = taskId('add-auth');
const hostile = 'Use "this"; $HOME `id` \'$(id)\' %s \\n\nand ünï\u2028 </note>';

let folder: ScratchFolder;
let notes: Notes;
beforeEach(() => {
  folder = new ScratchFolder();
  notes = createNotes(folder.layout);
});
afterEach(() => folder.remove());

const noteOf = (key: string, text = key, at = 1) => ({ key, text, at });
const commandOf = () => noteCommand(notesFolderOf(folder.layout.taskRuns(task)), 'PostToolUse');

/** What an agent is shown after a tool call, in an environment of somebody else's making. */
function callTool(): unknown {
  const [program, ...args] = commandOf();
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8', env: { PATH: '/nowhere' } });
  expect(status).toBe(0);
  return stdout === '' ? null : JSON.parse(stdout);
}

/** A run that an agent claimed, or nobody ever will. */
function makeRun(n: number, isClaimed: boolean): void {
  const run = folder.layout.run({ task, n });
  mkdirSync(run, { recursive: true });
  if (isClaimed) writeFileSync(join(run, 'claim'), `${String(process.pid)}\n1\n`);
  else closeClaim(run);
}

const readKeys = async () =>
  (await notes.list(task)).map(({ key, readAt }) => `${key} ${readAt === null ? '-' : 'read'}`);

describe('a note to an agent at work', () => {
  it('is shown word for word after the next tool call, and after no other', async () => {
    expect(callTool()).toBeNull();
    await notes.lay(task, noteOf('k', hostile), `Note: ${hostile}`);
    expect(await notes.list(task)).toEqual([{ ...noteOf('k', hostile), readAt: null }]);
    expect(callTool()).toEqual({
      hookSpecificOutput: { hookEventName: 'PostToolUse', additionalContext: `Note: ${hostile}` },
    });
    expect(callTool()).toBeNull();
    expect(await readKeys()).toEqual(['k read']);
  });

  it('that answers a question is shown by no hook, and told by the next prompt where the call that asked is gone', async () => {
    await notes.layAnswer(task, noteOf('answer-t1', 'Yes.'), 'Yes.');
    await notes.layAnswer(task, noteOf('answer-t1', 'Yes.'), 'Yes.');
    expect(callTool()).toBeNull();
    expect(await readKeys()).toEqual(['answer-t1 -']);
    expect((await notes.take({ task, n: 2 })).map(({ text }) => text)).toEqual(['Yes.']);
  });

  it('goes to one of several tool calls that end at once', async () => {
    await notes.lay(task, noteOf('k'), 'k');
    const [program, ...args] = commandOf();
    const calls = Array.from({ length: 8 }, async () => {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      let shown = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
      await once(child, 'close');
      return shown;
    });
    expect((await Promise.all(calls)).filter((shown) => shown !== '')).toHaveLength(1);
  });

  it('is laid down once, though the board that asked for it was killed and asks again', async () => {
    await notes.lay(task, noteOf('k'), 'k');
    await notes.lay(task, noteOf('k'), 'k');
    callTool();
    await notes.lay(task, noteOf('k'), 'k');
    expect(callTool()).toBeNull();
    expect(await readKeys()).toEqual(['k read']);
  });
});

describe('a note that no agent took', () => {
  it('is told by the next prompt, by the one after it only where nobody claimed that run, and by no hook then', async () => {
    await notes.lay(task, noteOf('early', 'early', 1), 'early');
    callTool();
    await notes.lay(task, noteOf('b', 'b', 3), 'b');
    await notes.lay(task, noteOf('a', 'a', 4), 'a');
    const take = async (n: number) => (await notes.take({ task, n })).map(({ key }) => key);
    expect(await take(2)).toEqual(['b', 'a']);
    expect(callTool()).toBeNull();
    makeRun(2, false);
    expect(await take(3)).toEqual(['b', 'a']);
    makeRun(3, true);
    expect(await take(4)).toEqual([]);
    expect(await readKeys()).toEqual(['early read', 'b read', 'a read']);
    await notes.lay(task, noteOf('b', 'b', 3), 'b');
    expect(callTool()).toBeNull();
  });
});

describe('the mark of notes', () => {
  it('is the same for all of a task, and another for another task', async () => {
    const mark = await notes.mark(task);
    expect(mark).toMatch(/^[0-9a-f]{12}$/);
    expect(await createNotes(folder.layout).mark(task)).toBe(mark);
    expect(await notes.mark(taskId('other'))).not.toBe(mark);
  });
});

describe('what stands among the notes and is none', () => {
  it('is passed over', async () => {
    await notes.lay(task, noteOf('k'), 'k');
    const place = notesFolderOf(folder.layout.taskRuns(task));
    writeFileSync(join(place, 'x.note'), 'no\nnote\n');
    mkdirSync(join(place, 'a.note.d'));
    expect(await readKeys()).toEqual(['k -']);
    rmSync(join(place, 'x.note'));
    mkdirSync(join(place, 'a.note'));
    expect(callTool()).not.toBeNull();
  });
});
