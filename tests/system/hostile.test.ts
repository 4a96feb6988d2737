/** Everything hostile and unlucky that can lie in an inbox, all at once, and one good task that comes last. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeAgent, writeAgent } from './fake-agent.ts';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

/** However many files lie there, the board's memory stays below this. */
const maxResidentBytes = 500 * 1024 * 1024;
const frontmatter = (...lines: readonly string[]) => ['---', ...lines, '---', '# Task', ''].join('\n');

/** Files that can't be tasks, by name. */
const refused: Readonly<Record<string, string | Uint8Array>> = {
  'yaml-nested.md': frontmatter(`a: ${'['.repeat(4_000)}`),
  'yaml-closed.md': frontmatter(`a: ${'['.repeat(2_000)}${']'.repeat(2_000)}`),
  'yaml-maps.md': frontmatter(`a: ${'{a: '.repeat(1_000)}`),
  'yaml-indented.md': frontmatter(...Array.from({ length: 150 }, (_, index) => `${' '.repeat(index)}a:`)),
  'yaml-aliases.md': frontmatter(
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...Array.from({ length: 9 }, (_, index) => {
      const from = String.fromCharCode(97 + index);
      const to = String.fromCharCode(98 + index);
      return `${to}: &${to} [${`*${from}, `.repeat(9)}]`;
    }),
  ),
  'yaml-keys.md': frontmatter(...Array.from({ length: 100_000 }, (_, index) => `k${String(index)}: 1`)).slice(
    0,
    250_000,
  ),
  'yaml-anchor.md': frontmatter('title: &a x', 'agent: *a'),
  'js.md': '---js\nprocess.exit(1)\n---\n# Code\n',
  'unclosed.md': '---\ntitle: x\n# Never ends\n',
  'climbs.md': frontmatter('id: ../x'),
  'absolute.md': frontmatter('id: /etc/passwd'),
  'option-id.md': frontmatter('id: -rf'),
  'lock-id.md': frontmatter('id: x.lock'),
  'long-id.md': frontmatter(`id: ${'x'.repeat(300)}`),
  'nul-id.md': frontmatter('id: "a\\0b"'),
  'nul.md': '# A\0B\n',
  'null-list.md': frontmatter('depends_on: [../../x]'),
  'option-base.md': frontmatter('base: --upload-pack=x'),
  'climbing-context.md': frontmatter('context: ../../etc/passwd'),
  'number.md': frontmatter('max_turns: 1e3x'),
  'large.md': 'x'.repeat(1024 * 1024),
  'not-utf8.md': new Uint8Array([0x23, 0x20, 0xff, 0xfe, 0x0a]),
};

const body = (text: string) => `# Bomb\n\n${text}\n`;

/** Files that are tasks, however odd, by name; the board is not to run them, so each waits for what does not exist. */
const odd: Readonly<Record<string, string>> = {
  'deep-quotes.md': body('> - '.repeat(20_000)),
  'dashes.md': body('- '.repeat(4_500)),
  'table.md': body(`|${'a|'.repeat(2_000)}\n|${'-|'.repeat(2_000)}\n`.repeat(10)),
  'fences.md': body('```\n'.repeat(10_001)),
  'long-line.md': body('x'.repeat(250_000)),
  'emphasis.md': body('*a_'.repeat(50_000)),
  'links.md': body('[a]('.repeat(40_000)),
  'html.md': body('<a '.repeat(40_000)),
  'headings.md': '#'.repeat(200_000),
  'octal.md': frontmatter('title: 010'),
  'exponent.md': frontmatter('title: 1e3', 'id: 1e3'),
  'null.md': frontmatter('title: null', 'agent: ~'),
};

/** Names that no id can be made of as they are. */
const names = [
  '-rf.md',
  '..md.md',
  'x.lock.md',
  '$(touch pwned).md',
  '`touch pwned`.md',
  '; touch pwned;.md',
  'new\nline.md',
  `${'n'.repeat(252)}.md`,
  'caf\u00e9.md',
  'cafe\u0301.md',
  'Twin.md',
  'twin.md',
  '\u202egnp.md',
  'aux.md',
  '*.md',
];

test.concurrent(
  'a good task that is dropped after everything hostile is done, and nothing else came to harm',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      const canary = join(board.root, 'canary');
      mkdirSync(canary);
      writeFileSync(join(canary, 'task.md'), '# Not yours\n');
      const before = describeOutside(board, canary);
      const running = await board.start();
      dropAll(board, canary);
      board.drop({ 'zz-good.md': writeTask('Good', addFile('good.txt')) });
      await board.arrive('done', 'zz-good');

      const special = ['link.md', 'dangling.md', 'loop.md', 'folder.md', 'out.md', 'pipe.md', 'sparse.md'];
      const expected = [...Object.keys(refused), ...special];
      const listRefused = () =>
        new Set(
          board.happened('inbox-rejected').flatMap(({ diagnostics }) => diagnostics.map(({ file }) => basename(file))),
        );
      await waitUntil('all are refused', () => expected.every((name) => listRefused().has(name)));
      for (const name of expected) expect(readdirSync(board.path('inbox'))).toContain(name);
      for (const [name, text] of Object.entries(refused)) {
        expect(readFileSync(board.path('inbox', name))).toEqual(Buffer.from(text));
      }
      for (const { name, diagnostics } of board.happened('inbox-rejected')) {
        expect({ name, message: diagnostics[0]?.message ?? '' }).not.toEqual({ name, message: '' });
      }
      await waitUntil('the dashboard names some of them and says how many more there are', () =>
        board.dashboard.includes('Files that can’t be accepted'),
      );
      await waitUntil('the odd ones are queued', () =>
        Object.keys(odd).every((name) => !existsSync(board.path('inbox', name))),
      );
      expect(readResidentBytes(running.pid)).toBeLessThan(maxResidentBytes);
      expect(describeOutside(board, canary)).toEqual(before);
      expect((await board.stop(running)).code).toBe(0);
      expect(execFileSync('find', [board.root, '-name', 'pwned'], { encoding: 'utf8' })).toBe('');
    }),
);

test.concurrent(
  'what agents say and files are called gives the user’s terminal no command and makes no line of its own',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({ config: fakeAgent }, async (board) => {
      // OSC 52 puts what follows it into the clipboard.
      const evil = '\\u001b]52;c;cHduZWQ=\\u0007\\u001b[2J';
      writeAgent(
        board,
        `
echo x > x && git add -A && git commit --quiet -m "$(printf 'Add\\033]52;c;cHduZWQ=\\007 x')"
say '{"type":"system","subtype":"init","session_id":"a${evil}","model":"m${evil}"}'
content assistant '{"type":"tool_use","id":"1","name":"Bash${evil}","input":{}}'
say '{"type":"result","session_id":"'"$session"'","subtype":"${evil}","is_error":true,"num_turns":1,"result":"It${evil} failed.","errors":["x${evil}"]}'
exit 1`,
      );
      board.drop({ 'fails.md': '# Fails\n' });
      const name = 'x\u001b]0;PWNED\u0007\nINJECTED 00:00:00 a: done.md';
      writeFileSync(board.path('inbox', name), frontmatter('priority: soonish'));
      const printed = [await board.cli('start', '--until-idle')];
      expect(board.column('attention')).toEqual(['fails']);
      for (const args of [['status'], ['show', 'fails'], ['logs', 'fails'], ['rescue', 'fails'], ['graph']]) {
        printed.push(await board.cli(...args));
      }
      const text = printed.map(({ stdout, stderr }) => stdout + stderr).join('');
      for (const part of ['It failed.', '→ Bash', 'Add x', 'INJECTED']) expect(text).toContain(part);
      expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
      expect(text).not.toMatch(/^INJECTED/m);
    }),
);

function dropAll(board: ScratchBoard, canary: string): void {
  // Held back by a dependency that never comes, so that the board's one slot is not what is measured.
  const waiting = (text: string) =>
    text.startsWith('---\n')
      ? text.replace('---\n', '---\ndepends_on: [never]\n')
      : frontmatter('depends_on: [never]') + text;
  for (const [name, text] of Object.entries(odd)) writeFileSync(board.path('inbox', name), waiting(text));
  for (const name of names) writeFileSync(board.path('inbox', name), waiting('# Named oddly\n'));
  for (const [name, text] of Object.entries(refused)) writeFileSync(board.path('inbox', name), text);
  symlinkSync(join(canary, 'task.md'), board.path('inbox', 'link.md'));
  symlinkSync(join(canary, 'nothing.md'), board.path('inbox', 'dangling.md'));
  symlinkSync('loop.md', board.path('inbox', 'loop.md'));
  symlinkSync(canary, board.path('inbox', 'out.md'));
  mkdirSync(board.path('inbox', 'folder.md'));
  writeFileSync(board.path('inbox', 'folder.md', 'inner.md'), '# Inner\n');
  execFileSync('mkfifo', [board.path('inbox', 'pipe.md')]);
  writeFileSync(board.path('inbox', 'sparse.md'), '');
  truncateSync(board.path('inbox', 'sparse.md'), 1024 ** 3);
}

/** What the board must leave alone: the canary, the user's checkout and branches. */
function describeOutside(board: ScratchBoard, canary: string): unknown {
  const listing = execFileSync('find', [canary, '-printf', '%P %y %s %T@ %m\n'], { encoding: 'utf8' });
  return {
    listing,
    text: readFileSync(join(canary, 'task.md'), 'utf8'),
    // A running board has the folder of its socket there, and its worktrees.
    root: readdirSync(board.root).filter((name) => !/^(?:made-|branchboard-|repo\.worktrees$)/.test(name)),
    status: board.git('status', '--porcelain'),
    head: board.git('rev-parse', 'HEAD', 'main'),
  };
}

function readResidentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${String(pid)}/statm`, 'utf8').split(' ')[1] ?? '';
  return Number(pages) * 4096;
}
