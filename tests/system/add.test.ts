/** `add` as a user meets it who has a sentence, an input, or a file whose id is in use. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, withBoard, withPatience, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

function write(board: ScratchBoard, name: string, text: string): string {
  const path = join(board.root, name);
  writeFileSync(path, text);
  return path;
}

function pipe(board: ScratchBoard, input: string, ...options: readonly string[]) {
  return withPatience(board.launch(['add', '-', ...options], { input }).ended, 'add -');
}

test.concurrent('a sentence is a task with that title, and one word that is no file says how', { timeout }, () =>
  withBoard({}, async (board) => {
    const added = await board.succeed('add', 'Add a login page', 'Fix it: now', '--priority', 'high');
    expect(added).toBe(
      'Added .orchestrator/inbox/add-a-login-page.md\nAdded .orchestrator/inbox/fix-it-now.md\n' +
        'No board runs: branchboard start\n',
    );
    expect(board.read('inbox', 'add-a-login-page.md')).toBe('---\npriority: high\n---\n# Add a login page\n');
    for (const [words, advice] of [
      ['login', 'branchboard add "Add a login page"'],
      ['my login.md', 'branchboard add "Add a login page"'],
      ['Fix client/server', 'echo "Add a login page" | branchboard add -'],
    ] as const) {
      const { code, stderr } = await board.cli('add', words);
      expect([code, stderr]).toEqual([
        2,
        `error: ${words} does not exist\nTo add a task in your own words: ${advice}\n`,
      ]);
    }
    const { mtimeMs } = statSync(board.path('inbox', 'fix-it-now.md'));
    expect(new Date(mtimeMs).getFullYear()).toBeGreaterThan(2000);
    await board.succeed('pause');
    const running = await board.start();
    expect(await board.succeed('add', 'While it runs')).toBe('Added .orchestrator/inbox/while-it-runs.md\n');
    await board.arrive('queued', 'add-a-login-page', 'fix-it-now', 'while-it-runs');
    await board.stop(running);
    expect(board.task('fix-it-now')).toMatchObject({ title: 'Fix it: now', priority: 'high' });
  }),
);

test.concurrent('what names no id is called after its title, heading or first line, with a number', { timeout }, () =>
  withBoard({}, async (board) => {
    // In the archive, too, an id is passed over, so that its branch and runs are not mixed with those of another task.
    board.write('archive/fix-the-bug.md', '# Old\n');
    board.write('queued/add-a-footer.md', '# Old\n');
    expect((await pipe(board, 'Add a footer\n\nBelow.\n')).stdout).toContain('inbox/add-a-footer-2.md');
    expect((await pipe(board, 'Add a footer\n')).stdout).toContain('inbox/add-a-footer-3.md');
    expect((await pipe(board, 'Read this.\n\n# Fix the bug\n')).stdout).toContain('inbox/fix-the-bug-2.md');
    expect((await pipe(board, '# Fix the bug\n', '--title', 'Über Ähren')).stdout).toContain('inbox/uber-ahren.md');
    expect((await pipe(board, '---\nid: Own\n---\nAdd a footer\n')).stdout).toContain('inbox/Own.md');
    expect((await pipe(board, '---\nid: own\n---\nAdd a footer\n')).code).toBe(2);
    expect(await board.succeed('add', 'Add a footer', 'Add a footer')).toContain(
      'inbox/add-a-footer-4.md\nAdded .orchestrator/inbox/add-a-footer-5.md\n',
    );
    const long = 'very '.repeat(30);
    const both = await board.succeed('add', long, long);
    expect(both.match(/inbox\/(.*)\.md/g)?.map((each) => each.endsWith('-2.md'))).toEqual([false, true]);
    const together = await Promise.all([1, 2, 3].map(() => board.succeed('add', 'At the same time')));
    expect(new Set(together).size).toBe(3);
  }),
);

test.concurrent('a file whose id is in use is refused on the spot, and with it all others', { timeout }, () =>
  withBoard({}, async (board) => {
    const cart = write(board, 'Cart.md', writeTask('Cart', addFile('c.txt')));
    const other = write(board, 'other.md', '# Other\n');
    await board.succeed('add', cart);
    const waits = await board.cli('add', other, cart);
    expect(waits).toMatchObject({ code: 2, stdout: '' });
    expect(waits.stderr).toContain('.orchestrator/inbox/cart.md is there already and waits to be taken in');
    expect((await board.cli('add', board.path('inbox', 'cart.md'))).code).toBe(2);
    expect(await board.runUntilIdle()).toBe(0);
    const done = await board.cli('add', other, cart);
    expect(done).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: the id cart is in use by .orchestrator/done/cart.md\n' +
        'To have that one run again: branchboard retry cart\n' +
        'For a task of its own, give the file another name, or another `id:` in its frontmatter. Nothing was added.\n',
    });
    const twice = await board.cli('add', other, other);
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining(`the id other is in use by ${other}`)]);
    expect(readdirSync(board.path('inbox'))).toEqual([]);
    // The board takes in another task of an id that was put away.
    board.move('cart', 'done', 'archive');
    await board.succeed('add', cart);
  }),
);

test.concurrent('a role and a dependency that are not there are named with the nearest', { timeout }, () =>
  withBoard({}, async (board) => {
    mkdirSync(board.path('templates'), { recursive: true });
    board.write('templates/painter.md', '---\ndescription: Paints\n---\nPaint.\n');
    const args = ['add', 'Write the tests', '--agent', 'testr', '--after', 'schem', 'write-the-code', 'far-off'];
    const schema = write(board, 'schema.md', '# Schema\n');
    await board.succeed('add', schema);
    const { code, stdout, stderr } = await board.cli(...args);
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'Added .orchestrator/inbox/write-the-tests.md']);
    expect(stderr.split('\n')).toEqual([
      'warning: no role testr; the nearest is tester',
      'warning: no task schem yet; the nearest is schema; write-the-tests waits until there is one',
      expect.stringMatching(/^warning: no task write-the-code yet;.* write-the-tests waits until there is one$/),
      'warning: no task far-off yet; write-the-tests waits until there is one',
      '',
    ]);
    const a = write(board, 'a.md', '---\nagent: painter\ndepends_on: [b, schema, "The title of another"]\n---\n# A\n');
    const b = write(board, 'b.md', '# B\n');
    expect(await board.cli('add', a, b)).toMatchObject({
      code: 0,
      stderr: 'warning: no task The title of another yet; a waits until there is one\n',
    });
  }),
);

test.concurrent('a dependency by its title, or by the id in a waiting file, is known on the spot', { timeout }, () =>
  withBoard({}, async (board) => {
    board.write('queued/form.md', '# Add a login page\n');
    board.write('inbox/other.md', '---\nid: schema\n---\n# The Schema\n');
    const add = (words: string, ...after: readonly string[]) => board.cli('add', words, '--after', ...after);
    expect(await add('First thing', 'add a LOGIN page', 'the schema', 'schema', 'form')).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await add('Second thing', 'Add a login pag')).toMatchObject({
      code: 0,
      stderr:
        'warning: no task Add a login pag yet; the nearest is add a login page; second-thing waits until there is one\n',
    });
    board.write('inbox/login-3.md', '# Add a login page\n');
    const before = readdirSync(board.path('inbox'));
    expect(await add('Third thing', 'Add a login page')).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: third-thing depends on "Add a login page", and that is the title of form and login-3\n' +
        'Name it by its id, such as `depends_on: [form]`. Nothing was added.\n',
    });
    expect(readdirSync(board.path('inbox'))).toEqual(before);
  }),
);

test.concurrent('the help of add has examples', { timeout }, () =>
  withBoard({}, async (board) => {
    const help = await board.succeed('add', '--help');
    expect(help.match(/^ {2}.*branchboard add /gm)).toHaveLength(3);
    expect(await board.succeed('--help')).toContain('branchboard add "Add a login page"');
  }),
);
