/** The verb `pr`, with a stand-in for `gh` that records how it was called, and a bare repository as the remote. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  addFile,
  boardTestTimeoutMs,
  waitUntil,
  withBoard,
  writeTask,
  type Ended,
  type ScratchBoard,
} from './board.ts';

/** A pull request from somebody's fork, whose branch has the same name. */
const strangers = '{"url":"https://github.com/o/r/pull/99","isCrossRepository":true}';

/** Keeps what it was asked in `calls`, the text of its stdin in `body`, and an open pull request for each branch. */
const standIn = (state: string): string => `#!/bin/sh
cd '${state}' || exit 1
for word; do printf '[%s]' "$word"; done >> calls
head=$(sed 's/.*--head=\\([^]]*\\).*/\\1/' calls | tail -n 1 | tr / _)
echo >> calls
[ -e logged-in ] || exit 4
case "$1 $2" in
  'pr list') if [ -e "open-$head" ]; then cat "open-$head"; else echo '[${strangers}]'; fi ;;
  'pr create')
    cat > body
    echo x >> numbers
    url="https://github.com/o/r/pull/$(wc -l < numbers | tr -d ' ')"
    echo "[{\\"url\\":\\"$url\\"}]" > "open-$head"
    echo "$url" ;;
  'pr edit') cat > body ;;
  'pr view') if [ -e "merged-\${3##*/}" ]; then echo '{"state":"MERGED"}'; else echo '{"state":"OPEN"}'; fi ;;
esac
`;

class Host {
  readonly state: string;
  readonly remote: string;
  readonly path: string;
  readonly #board: ScratchBoard;

  constructor(board: ScratchBoard) {
    this.#board = board;
    this.state = join(board.root, 'gh');
    this.remote = join(board.root, 'remote.git');
    // Nothing of this machine but git, since it may have a `gh` of its own.
    const bare = join(board.root, 'bare');
    for (const folder of [this.state, bare]) mkdirSync(folder);
    symlinkSync(execFileSync('which', ['git'], { encoding: 'utf8' }).trim(), join(bare, 'git'));
    execFileSync('git', ['init', '--quiet', '--bare', this.remote]);
    this.path = bare;
  }

  install(): void {
    writeFileSync(join(this.path, 'gh'), standIn(this.state), { mode: 0o755 });
    for (const tool of ['sh', 'cat', 'sed', 'tail', 'tr', 'wc']) {
      symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(this.path, tool));
    }
  }

  mark(name: string): void {
    writeFileSync(join(this.state, name), '');
  }

  read(name: string): string {
    return readFileSync(join(this.state, name), 'utf8');
  }

  get branches(): readonly string[] {
    return execFileSync('git', ['for-each-ref', '--format=%(refname)'], { cwd: this.remote, encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
  }

  pr(...args: readonly string[]): Promise<Ended> {
    return this.#board.launch(['pr', ...args], { env: { PATH: this.path } }).ended;
  }
}

test(
  'pr pushes a branch alone and opens its pull request, stacked where it builds on another, and tells once it is merged',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      const host = new Host(board);
      const says = 'summary Fixes #12 as @alice said <b>loudly</b>.';
      board.drop({
        'a.md': writeTask('Add A for @bob', ['write a.txt a', 'commit Add a', says]),
        'b.md': writeTask('Add B', addFile('b.txt'), { depends_on: 'a' }),
        'c.md': writeTask('Add C', addFile('.mcp.json')),
      });
      expect(await board.runUntilIdle()).toBe(0);
      const tipOf = (id: string) => board.git('rev-parse', `task/${id}`);
      board.git('config', 'push.followTags', 'true');
      board.git('tag', '--annotate', '--message=v1', 'v1', 'task/a');
      mkdirSync(join(board.repo, '.git', 'hooks'), { recursive: true });
      const hook = `#!/bin/sh\necho ran > '${join(board.root, 'hook-ran')}'\n`;
      writeFileSync(join(board.repo, '.git', 'hooks', 'pre-push'), hook, { mode: 0o755 });

      const refused: readonly [lack: string, hint: string, before: () => void][] = [
        ['has no remote', 'git remote add origin URL', () => undefined],
        ['is not installed', 'https://cli.github.com', () => board.git('remote', 'add', 'origin', host.remote)],
        ['is not logged in', 'gh auth login', () => host.install()],
        ['origin has no branch main', 'git push origin main', () => host.mark('logged-in')],
      ];
      for (const [lack, hint, before] of refused) {
        before();
        const { code, stderr } = await host.pr('a');
        expect([code, stderr]).toEqual([2, expect.stringContaining(lack) as string]);
        expect(stderr).toContain(hint);
      }
      expect(host.branches).toEqual([]);
      board.git('push', '--quiet', '--no-verify', '--no-follow-tags', 'origin', 'main');

      const first = await host.pr('a');
      expect([first.code, first.stdout, first.stderr]).toEqual([
        0,
        `a: ${tipOf('a').slice(0, 10)} was pushed, and pull request 1 into main was opened: https://github.com/o/r/pull/1\n`,
        '',
      ]);
      expect(host.branches).toEqual(['refs/heads/main', 'refs/heads/task/a']);
      expect(host.read('calls').split('\n').slice(-2)[0]).toBe(
        `[pr][create][--head=task/a][--repo=${host.remote}][--base=main][--title=Add A for @ bob][--body-file=-]`,
      );
      expect(host.read('body')).toBe(
        'Fixes `#12` as `@alice` said \\<b>loudly\\</b>.\n\nNo checks ran.\n\nTask: `a`\n',
      );
      expect((await host.pr('b')).stdout).toContain('pull request 2 into task/a was opened');
      expect(host.read('body')).toContain('**Builds on**\n\n- `a` in #1\n');
      const what = await host.pr('c');
      expect([what.code, what.stderr]).toEqual([2, expect.stringContaining('.mcp.json') as string]);
      expect(what.stderr).toContain('branchboard pr c --what-runs');
      expect(host.branches).toEqual(['refs/heads/main', 'refs/heads/task/a', 'refs/heads/task/b']);

      host.mark('merged-1');
      const running = board.launch(['board'], { env: { PATH: host.path } });
      await waitUntil('the board tells what became of both', () =>
        [/1 into `main` was merged/, /2 into `task\/a` is open/].every((text) => text.test(board.dashboard)),
      );
      await waitUntil('its data tell that, too', () => board.task('a').review?.pull?.state === 'merged');
      expect(board.task('a').review?.state).toBe('ready');
      const again = await host.pr('b');
      expect([again.code, again.stdout]).toEqual([
        0,
        expect.stringContaining('pull request 2 into main was brought up to date') as string,
      ]);
      expect(host.read('calls')).toMatch(/\[pr\]\[edit\]\[2\].*\[--base=main\].*\n$/);
      expect(await board.succeed('show', 'b')).toContain(
        'Pull request 2 into `main` is open: https://github.com/o/r/pull/2',
      );
      await board.stop(running);
      expect(host.branches).toHaveLength(3);
      expect(existsSync(join(board.root, 'hook-ran'))).toBe(false);
      expect(board.happened('command').filter(({ outcome }) => outcome === 'done')).toHaveLength(3);
    }),
);
