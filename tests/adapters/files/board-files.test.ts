import {
  appendFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBoardFiles } from '../../../src/adapters/files/board-files.ts';
import { identify } from '../../../src/adapters/files/reader.ts';
import type { FileIdentity, TaskFile } from '../../../src/domain/board.ts';
import type { Column } from '../../../src/domain/task.ts';
import { PortError, type BoardFiles } from '../../../src/ports.ts';
import { ScratchFolder, taskId } from './scratch.ts';

let scratch: ScratchFolder;
let files: BoardFiles;

beforeEach(() => {
  scratch = new ScratchFolder();
  files = createBoardFiles(scratch.layout, scratch.clock);
});
afterEach(() => scratch.remove());

const read = (...parts: string[]) => readFileSync(join(scratch.layout.root, ...parts), 'utf8');
const list = (folder: string) => readdirSync(join(scratch.layout.root, folder)).sort();

function put(name: string, text: string): FileIdentity {
  return identify(statSync(scratch.write(name, text)));
}

function putTask(column: Column, name: string, text = '# A\n'): TaskFile {
  return { column, name, identity: put(`${column}/${name}`, text) };
}

function accept(name: string, text: string, id = name.replace(/\.md$/, '')) {
  return files.acceptInbox(`inbox/${name}`, put(`inbox/${name}`, text), taskId(id), text);
}

describe('taking in', () => {
  test('a file goes into queued/ under its id, and leaves the inbox', async () => {
    const accepted = await accept('My Task.md', '# A\n', 'my-task');
    expect(accepted).toMatchObject({
      kind: 'accepted',
      file: { column: 'queued', name: 'my-task.md', identity: { size: 4 } },
    });
    expect([list('inbox'), list('queued'), read('queued', 'my-task.md')]).toEqual([[], ['my-task.md'], '# A\n']);
    expect(statSync(join(scratch.layout.root, 'queued/my-task.md')).mode & 0o777).toBe(0o600);
  });

  test('a file in a column whose name is no id goes to its id, and leaves its name', async () => {
    const identity = put('active/Fix it.md', '# A\n');
    expect(await files.readInbox('active/Fix it.md', identity)).toMatchObject({ ok: true });
    await files.acceptInbox('active/Fix it.md', identity, taskId('fix-it'), '# A\n');
    expect([list('active'), list('queued')]).toEqual([[], ['fix-it.md']]);
  });

  test('a file that has the id’s name already, where case does not count, is no twin of itself', async () => {
    const identity = put('queued/a.md', '# A\n');
    const accepted = await files.acceptInbox('queued/a.md', identity, taskId('a'), '# A\n');
    expect(accepted).toMatchObject({ kind: 'in-use', same: false });
    expect(list('queued')).toEqual(['a.md']);
  });

  test('an editor that has the original open does not write into the queued copy', async () => {
    const path = scratch.write('inbox/a.md', '# A\n');
    const kept = join(scratch.root, 'kept.md');
    const identity = identify(statSync(path));
    await files.acceptInbox('inbox/a.md', identity, taskId('a'), '# A\n');
    writeFileSync(kept, '# other\n');
    expect(statSync(join(scratch.layout.root, 'queued/a.md')).ino).not.toBe(identity.inode);
  });

  test('an original that was changed since it was read stays', async () => {
    const identity = put('inbox/a.md', '# A\n');
    appendFileSync(join(scratch.layout.inbox, 'a.md'), 'more\n');
    await files.acceptInbox('inbox/a.md', identity, taskId('a'), '# A\n');
    expect([read('queued', 'a.md'), read('inbox', 'a.md')]).toEqual(['# A\n', '# A\nmore\n']);
  });

  test.each(['queued', 'active', 'attention', 'done'] as const)(
    'an id that is in use in %s/ is refused, and both files stay',
    async (column) => {
      putTask(column, 'a.md', '# First\n');
      const answer = await accept('a.md', '# Second\n');
      expect(answer).toMatchObject({ kind: 'in-use', same: false, by: { column, name: 'a.md' } });
      expect([read(column, 'a.md'), read('inbox', 'a.md')]).toEqual(['# First\n', '# Second\n']);
      expect(list('queued').filter((name) => name.startsWith('.'))).toEqual([]);
    },
  );

  test('the very same text as a task that waits or is at work is told; as a finished one it is not', async () => {
    putTask('queued', 'a.md', '# A\n');
    putTask('active', 'c.md', '# C\n');
    putTask('done', 'b.md', '# B\n');
    expect(await accept('a.md', '# A\n')).toMatchObject({ kind: 'in-use', same: true });
    expect(await accept('c.md', '# C\n')).toMatchObject({ kind: 'in-use', same: true });
    expect(await accept('b.md', '# B\n')).toMatchObject({ kind: 'in-use', same: false });
  });

  test('an id that was archived is free again, and begins without runs', async () => {
    putTask('archive', 'a.md');
    scratch.clock.time = 42;
    await files.writeVerdict(taskId('a'), { version: 1, column: 'archive' } as never);
    expect((await accept('a.md', '# A\n')).kind).toBe('accepted');
    expect(await files.readVerdict(taskId('a'))).toBeNull();
    expect(list('runs/.earlier')).toEqual(['a-42']);
  });

  test('twins that differ only in case and come at once are one task', async () => {
    const answers = await Promise.all([
      accept('Auth.md', '# 1\n'),
      accept('auth.md', '# 2\n'),
      accept('AUTH.md', '# 3\n'),
    ]);
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['accepted', 'in-use', 'in-use']);
    expect(list('queued')).toHaveLength(1);
    expect(list('inbox')).toHaveLength(2);
  });

  test('a hundred at once are all taken in, and a scan never sees one at two places', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `t${String(index).padStart(3, '0')}`);
    const accepted = ids.map((id) => accept(`${id}.md`, `# ${id}\n`));
    const scans: Awaited<ReturnType<BoardFiles['scan']>>[] = [];
    const all = Promise.all(accepted).then(() => true);
    while (!(await Promise.race([all, files.scan().then((scan) => scans.push(scan) === 0)])));
    scans.push(await files.scan());
    expect((await Promise.all(accepted)).every(({ kind }) => kind === 'accepted')).toBe(true);
    for (const { inbox, columns } of scans) {
      expect([...inbox.keys()].filter((path) => columns.queued.has(path.replace('inbox/', '')))).toEqual([]);
    }
    expect(list('queued')).toEqual(ids.map((id) => `${id}.md`));
    expect(list('inbox')).toEqual([]);
  });

  test('one that fails does not take the others of its turn with it', async () => {
    // A folder where the runs are to be put aside to.
    scratch.clock.time = 7;
    await files.writeVerdict(taskId('bad'), { version: 1, column: 'archive' } as never);
    writeFileSync(join(scratch.layout.runs, '.earlier'), 'no folder');
    const [good, bad, last] = await Promise.allSettled([
      accept('good.md', '# G\n'),
      accept('bad.md', '# B\n'),
      accept('last.md', '# L\n'),
    ]);
    expect([good.status, bad.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(list('inbox')).toEqual(['bad.md']);
    expect(list('queued')).toEqual(['good.md', 'last.md']);
  });
});

test('a file of the inbox is read only as the version that was seen', async () => {
  const identity = put('inbox/a.md', '# A\n');
  expect(await files.readInbox('inbox/a.md', identity)).toEqual({ ok: true, value: { text: '# A\n' } });
  appendFileSync(join(scratch.layout.inbox, 'a.md'), 'x');
  expect(await files.readInbox('inbox/a.md', identity)).toEqual({ ok: false, failure: { kind: 'changed' } });
  await files.dropInbox('inbox/a.md', identity);
  expect(list('inbox')).toEqual(['a.md']);
  await files.dropInbox('inbox/a.md', identify(statSync(join(scratch.layout.inbox, 'a.md'))));
  expect(list('inbox')).toEqual([]);
});

test('a task moves to another column, and never over another one', async () => {
  const moved = await files.moveTask(putTask('queued', 'a.md'), 'active');
  expect(moved).toMatchObject({ column: 'active', name: 'a.md' });
  expect(await files.moveTask(moved, 'active')).toEqual(moved);
  putTask('done', 'a.md', '# Other\n');
  await expect(files.moveTask(moved, 'done')).rejects.toMatchObject({
    code: 'EEXIST',
    message: '.orchestrator/done/a.md is there already; move one of the two away',
  });
  expect([read('active', 'a.md'), read('done', 'a.md')]).toEqual(['# A\n', '# Other\n']);
});

test('the archive takes namesakes under numbered names', async () => {
  for (const text of ['1', '2']) await files.moveTask(putTask('queued', 'a.md', text), 'archive');
  const third = await files.moveTask(putTask('queued', 'a.md', '3'), 'archive');
  expect(list('archive')).toEqual(['a.md', 'a~2.md', 'a~3.md']);
  expect(read('archive', 'a~3.md')).toBe('3');
  // Elsewhere a numbered name would be another task's.
  expect(await files.moveTask(third, 'queued')).toMatchObject({ column: 'queued', name: 'a.md' });
  expect([list('archive'), read('queued', 'a.md')]).toEqual([['a.md', 'a~2.md'], '3']);
});

test('a task that is gone can not be moved', async () => {
  const file = putTask('queued', 'a.md');
  renameSync(join(scratch.layout.root, 'queued/a.md'), join(scratch.layout.root, 'attention/a.md'));
  await expect(files.moveTask(file, 'active')).rejects.toBeInstanceOf(PortError);
});

test('a task is rewritten only as the version that was read, for the user alone', async () => {
  const file = putTask('queued', 'a.md');
  const rewritten = await files.rewriteTask(file, '# B\n');
  expect(read('queued', 'a.md')).toBe('# B\n');
  expect(statSync(join(scratch.layout.root, 'queued/a.md')).mode & 0o777).toBe(0o600);
  appendFileSync(join(scratch.layout.root, 'queued/a.md'), 'edited\n');
  await expect(files.rewriteTask(rewritten, '# C\n')).rejects.toMatchObject({ code: 'ESTALE' });
  expect(read('queued', 'a.md')).toBe('# B\nedited\n');
  expect(list('queued')).toEqual(['a.md']);
});

test('a task is read as it is now, and says which version that was', async () => {
  const file = putTask('queued', 'a.md');
  appendFileSync(join(scratch.layout.root, 'queued/a.md'), 'edited\n');
  const result = await files.readTask(file);
  expect(result).toMatchObject({
    ok: true,
    value: { text: '# A\nedited\n', file: { column: 'queued', name: 'a.md', identity: { size: 11 } } },
  });
});

test.each([
  '{"version":1}',
  '{"version":1,"reason":"usage-limit","since":1,"until":1e300,"detail":"wait","strikes":1}',
  '{"version":1,"reason":"whim","since":1,"until":5,"detail":"wait","strikes":1}',
])('a hold that can not be understood is none: %s', async (text) => {
  scratch.write('hold.json', text);
  expect(await files.readHold()).toBeNull();
});

test('a hold comes back after a restart, and goes', async () => {
  expect(await files.readHold()).toBeNull();
  const hold = { reason: 'usage-limit', since: 1, until: 5, isTold: true, detail: 'wait', strikes: 1 } as const;
  await files.writeHold(hold);
  expect(await createBoardFiles(scratch.layout, scratch.clock).readHold()).toMatchObject({
    reason: 'usage-limit',
    until: 5,
  });
  await files.writeHold(null);
  await files.writeHold(null);
  expect(await files.readHold()).toBeNull();
});

test('queue.json is there whole, and nothing else is left', async () => {
  await files.writeBoardData('{"version":1}');
  await files.writeBoardData('{"version":1,"more":true}');
  expect(read('queue.json')).toBe('{"version":1,"more":true}');
  expect(existsSync(join(scratch.layout.root, '.queue.json.tmp'))).toBe(false);
});

describe('a second file of one name', () => {
  test('goes into the archive, under a free name', async () => {
    const keeper = putTask('active', 'a.md', 'kept');
    putTask('archive', 'a.md', 'older');
    const aside = await files.setAside(putTask('queued', 'a.md', 'second'), keeper);
    expect(aside).toMatchObject({ column: 'archive', name: 'a~2.md' });
    expect([list('queued'), read('active', 'a.md'), read('archive', 'a~2.md')]).toEqual([[], 'kept', 'second']);
  });

  test('stays where it is if the other is gone by now, or if both are one file that is being moved', async () => {
    const file = putTask('queued', 'a.md');
    const keeper = { ...file, column: 'active' } as const;
    expect(await files.setAside(file, keeper)).toBeNull();
    linkSync(join(scratch.layout.root, 'queued/a.md'), join(scratch.layout.root, 'active/a.md'));
    expect(await files.setAside(file, keeper)).toBeNull();
    expect(list('queued')).toEqual(['a.md']);
  });
});
