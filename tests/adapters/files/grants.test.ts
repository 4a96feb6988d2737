import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBoardFiles } from '../../../src/adapters/files/board-files.ts';
import {
  GrantsScanner,
  readGrant,
  readInboxGrant,
  removeInboxGrants,
  writeGrant,
  writeInboxGrant,
} from '../../../src/adapters/files/grants.ts';
import { identify } from '../../../src/adapters/files/reader.ts';
import type { Grant, Right } from '../../../src/domain/rights.ts';
import { ScratchFolder, taskId } from './scratch.ts';

let scratch: ScratchFolder;

beforeEach(() => {
  scratch = new ScratchFolder();
});

afterEach(() => scratch.remove());

const grant = (task: string, ...rights: readonly Right[]): Grant => ({
  ...{ version: 1, task: taskId(task), origin: 'added', rights },
});
const bash: Right = 'allowed_tools Bash';

/** Drops a file and takes it in under an id. */
async function accept(name: string, text: string, id: string) {
  const identity = identify(statSync(scratch.write(`inbox/${name}`, text)));
  return createBoardFiles(scratch.layout, scratch.clock).acceptInbox(`inbox/${name}`, identity, taskId(id), text);
}

describe('a grant', () => {
  it('is read as it was written, and is the user’s alone', async () => {
    await writeGrant(scratch.layout, grant('a', bash));
    expect(await readGrant(scratch.layout, taskId('a'))).toEqual(grant('a', bash));
    expect(statSync(scratch.layout.grant(taskId('a'))).mode & 0o777).toBe(0o600);
    expect(statSync(scratch.layout.grants).mode & 0o777).toBe(0o700);
  });

  it.each<[string, object | string]>([
    ['of another task', grant('b', bash)],
    ['with a right that is none', { ...grant('a'), rights: ['everything Bash'] }],
    ['that is too long', grant('a', `allowed_tools ${'x'.repeat(300_000)}`)],
    ['that is no grant', 'granted'],
  ])('%s grants nothing', async (_, fact) => {
    mkdirSync(scratch.layout.grants);
    scratch.write('grants/a.json', JSON.stringify(fact));
    expect(await readGrant(scratch.layout, taskId('a'))).toBeNull();
  });
});

it('of a newer version is an error that says so: it may grant more than this version can read', async () => {
  mkdirSync(scratch.layout.grants);
  scratch.write('grants/a.json', JSON.stringify({ ...grant('a', bash), version: 2 }));
  await expect(readGrant(scratch.layout, taskId('a'))).rejects.toThrow(/written by a newer branchboard \(version 2\)/);
});

describe('the scan', () => {
  it('gives the same map until something changed, and only what can be read', async () => {
    const scanner = new GrantsScanner(scratch.layout);
    expect(await scanner.scan()).toEqual(new Map());
    await writeGrant(scratch.layout, grant('A', bash));
    const first = await scanner.scan();
    expect([...first]).toEqual([['a', grant('A', bash)]]);
    scratch.write('grants/.inbox-0.json', '');
    expect(await scanner.scan()).toBe(first);
    await writeGrant(scratch.layout, grant('A', bash, 'retries 4'));
    const link = scratch.write('elsewhere.json', JSON.stringify(grant('b', bash)));
    symlinkSync(link, scratch.layout.grant(taskId('b')));
    expect([...(await scanner.scan()).values()]).toEqual([grant('A', bash, 'retries 4')]);
  });

  it('finds nothing in what is no folder', async () => {
    mkdirSync(`${scratch.root}/other`);
    scratch.write('../other/a.json', JSON.stringify(grant('a', bash)));
    symlinkSync(`${scratch.root}/other`, scratch.layout.grants);
    expect(await new GrantsScanner(scratch.layout).scan()).toEqual(new Map());
  });
});

describe('what is granted to a file in the inbox', () => {
  it('is the task’s once it is taken in as it is', async () => {
    await writeInboxGrant(scratch.layout, grant('A', bash), 'text');
    expect(await readGrant(scratch.layout, taskId('a'))).toBeNull();
    expect(await accept('a.md', 'text', 'a')).toMatchObject({ kind: 'accepted', grant: grant('a', bash) });
    expect(await readGrant(scratch.layout, taskId('a'))).toEqual(grant('a', bash));
    expect(readdirSync(scratch.layout.grants)).toEqual(['a.json']);
  });

  it('is nothing for another text, nor for another id', async () => {
    await writeInboxGrant(scratch.layout, grant('a', bash), 'text');
    expect(await accept('a.md', 'another text', 'a')).toMatchObject({ kind: 'accepted', grant: null });
    expect(await accept('b.md', 'text', 'b')).toMatchObject({ kind: 'accepted', grant: null });
  });

  it('is nothing for a task that has the id already, unless its text is the same', async () => {
    await accept('a.md', 'text', 'a');
    await writeInboxGrant(scratch.layout, grant('a', bash), 'another text');
    expect(await accept('a.md', 'another text', 'a')).toMatchObject({ kind: 'in-use', same: false });
    expect(await readGrant(scratch.layout, taskId('a'))).toBeNull();
    await writeInboxGrant(scratch.layout, grant('a', bash), 'text');
    expect(await accept('a.md', 'text', 'a')).toMatchObject({ kind: 'in-use', same: true });
    expect(await readGrant(scratch.layout, taskId('a'))).toEqual(grant('a', bash));
    // Added once more without a word on rights, it keeps what it has.
    await writeInboxGrant(scratch.layout, grant('a'), 'text');
    await accept('a.md', 'text', 'a');
    expect(await readGrant(scratch.layout, taskId('a'))).toEqual(grant('a', bash));
  });

  it('is forgotten at a start that finds the inbox empty', async () => {
    await writeInboxGrant(scratch.layout, grant('a', bash), 'text');
    const path = scratch.write('inbox/a.md', 'text');
    await removeInboxGrants(scratch.layout);
    expect(await readInboxGrant(scratch.layout, taskId('a'), 'text')).not.toBeNull();
    rmSync(path);
    await removeInboxGrants(scratch.layout);
    expect(await readInboxGrant(scratch.layout, taskId('a'), 'text')).toBeNull();
  });
});

describe('a new task', () => {
  it('has nothing of an earlier one of its id', async () => {
    await writeGrant(scratch.layout, grant('a', bash));
    expect(await accept('a.md', 'text', 'a')).toMatchObject({ kind: 'accepted', grant: null });
    expect(await readGrant(scratch.layout, taskId('a'))).toBeNull();
  });

  it('that took the place of one that is gone keeps its own grant', async () => {
    await accept('a.md', 'text', 'a');
    await writeGrant(scratch.layout, grant('a', bash));
    const files = createBoardFiles(scratch.layout, scratch.clock);
    await files.dropGrant(taskId('a'));
    expect(await readGrant(scratch.layout, taskId('a'))).toEqual(grant('a', bash));
    rmSync(`${scratch.layout.column('queued')}/a.md`);
    await files.dropGrant(taskId('a'));
    expect(await readGrant(scratch.layout, taskId('a'))).toBeNull();
  });
});
