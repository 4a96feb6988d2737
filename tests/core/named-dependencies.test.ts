import { describe, expect, it } from 'vitest';
import { nameDependencies } from '../../src/core/named-dependencies.ts';
import { findWaitingOn } from '../../src/core/dependencies.ts';
import { Intake } from '../../src/daemon/take-in.ts';
import { success } from '../../src/domain/result.ts';
import type { BoardFiles } from '../../src/ports.ts';
import { parseTaskFile } from '../../src/markdown/task-file.ts';
import { boardOf, finished, queued, verdictOf } from './boards.ts';
import { Scene, id, identity } from './scene.ts';

/** The spec of a file `b.md` whose frontmatter has this line. */
function read(line: string) {
  const { value } = parseTaskFile(`---\n${line}\n---\nDo it`, { file: 'b.md', fileName: 'b.md' });
  if (value === undefined) throw new Error(`${line} is refused`);
  return value;
}

describe('a dependency that is named by its title', () => {
  const login = queued('login', [], { title: 'Add a  Login page' });

  it.each(['"Add a login page"', 'add a login PAGE', '["Add a login page"]', '"[[Add a login page]]"'])(
    'is that task: %s',
    (written) => {
      expect(nameDependencies(boardOf([login]), read(`depends_on: ${written}`)).dependsOn).toEqual(['login']);
    },
  );

  it('is found where the title is one word that could be an id', () => {
    const board = boardOf([queued('first', [], { title: 'A' })]);
    expect(nameDependencies(board, read('depends_on: [[a]]')).dependsOn).toEqual(['first']);
  });

  it('is found among the tasks that are done', () => {
    const done = { ...finished('login', 'done'), verdict: verdictOf({ title: 'Add a login page' }) };
    expect(nameDependencies(boardOf([done]), read('needs: Add a login page')).dependsOn).toEqual(['login']);
  });

  it('is the task of that id first, and a list of ids last', () => {
    const both = boardOf([queued('fix-it'), queued('other', [], { title: 'fix it' }), queued('fix'), queued('it')]);
    expect(nameDependencies(both, read('depends_on: fix it')).dependsOn).toEqual(['fix-it']);
    const list = boardOf([queued('fix'), queued('it')]);
    expect(nameDependencies(list, read('depends_on: Fix it')).dependsOn).toEqual(['Fix', 'it']);
    expect(nameDependencies(list, read('depends_on: fix it')).dependsOn).toEqual(['fix', 'it']);
  });

  it('waits under the id that the words would give, until a task of that title comes, and starts after it', () => {
    const scene = new Scene().queue({ ...read('depends_on: "Add a login page"'), id: 'b' });
    const b = scene.task('b');
    expect(b.state).toBe('queued');
    expect(findWaitingOn(scene.board, b)).toEqual([{ id: 'add-a-login-page', why: 'unknown' }]);
    scene.queue({ id: 'b' }, { id: 'login', title: 'Add a login page' });
    expect(scene.task('login').state).toBe('active');
    expect(scene.task('b').spec.dependsOn).toEqual(['login']);
    expect(findWaitingOn(scene.board, scene.task('b'))).toEqual([{ id: 'login', why: 'active' }]);
  });

  it('that is the title of two says both, and the task does not start', () => {
    const twins = [queued('one', [], { title: 'The same' }), queued('two', [], { title: 'the same' })];
    const task = { ...queued('b'), spec: read('depends_on: ["The same"]') };
    expect(findWaitingOn(boardOf([...twins, task]), task)).toEqual([
      { id: 'the-same', why: 'ambiguous', rivals: ['one', 'two'] },
    ]);
  });

  it('that is the title of two is refused in the inbox, with both ids', async () => {
    const board = boardOf([queued('one', [], { title: 'The same' }), queued('two', [], { title: 'the same' })]);
    const text = '---\ndepends_on: ["The same"]\n---\nDo it';
    const files = { readInbox: () => Promise.resolve(success({ text })) } as unknown as BoardFiles;
    const intake = new Intake(files, () => board, { isBusy: () => false });
    expect(await intake.takeIn('b.md', identity())).toMatchObject({
      outcome: {
        kind: 'rejected',
        diagnostics: [
          {
            message: 'it depends on "The same", and that is the title of `one` and `two`',
            hint: 'Write, for example, `depends_on: [one]`.',
          },
        ],
      },
    });
  });

  it('makes a circle that is seen', () => {
    const scene = new Scene().queue(
      { ...read('depends_on: "Second"'), id: 'b', title: 'First' },
      { id: 'c', title: 'Second', dependsOn: [id('b')] },
    );
    expect(scene.board.live.size).toBe(2);
    expect([scene.task('b').state, scene.task('c').state]).toEqual(['settling', 'settling']);
  });

  it('is not the task itself', () => {
    const own = { ...queued('x', [], { title: 'B' }), spec: { ...read('depends_on: [y]'), id: id('x'), title: 'Y' } };
    expect(nameDependencies(boardOf([own]), own.spec).dependsOn).toEqual(['y']);
  });
});
