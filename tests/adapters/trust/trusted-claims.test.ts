/** Whose a claim is, on real git: what a commit from elsewhere brought is not the user's, however it got here. */
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGit } from '../../../src/adapters/git/git.ts';
import { createTrustStore } from '../../../src/adapters/trust/store.ts';
import { createTrust, type Trust } from '../../../src/adapters/trust/trusted-claims.ts';
import { claimsOfFile } from '../../../src/cli/file-claims.ts';
import { Scratch, start } from '../git/scratch.ts';

const config = '.orchestrator/config.yaml';
const evil = 'notify: touch /x\n';

let scratch: Scratch;
beforeEach(() => (scratch = new Scratch()));
afterEach(() => scratch.remove());

async function openTrust(dir = scratch.dir): Promise<Trust> {
  const repository = await scratch.open(dir);
  const git = createGit(repository.topLevel, { env: scratch.env });
  return createTrust({ repository, git, store: createTrustStore(scratch.env), readClaims: claimsOfFile });
}

/** The keys of a checkout's settings, or of another file, that need a yes. */
async function ask(path = config, dir = scratch.dir): Promise<readonly string[]> {
  const claims = claimsOfFile(path, readFileSync(join(dir, path), 'utf8'))?.claims;
  if (claims == null) throw new Error(`${path} can't be understood`);
  return (await (await openTrust(dir)).findUntrusted(claims)).map(({ key }) => key);
}

/** A clone of the user's, which is the checkout from then on. */
function clone(): void {
  const upstream = join(scratch.root, 'upstream');
  renameSync(scratch.dir, upstream);
  scratch.gitIn(scratch.root, 'clone', '--quiet', upstream, 'repo');
}

/** What was remembered so far. */
function forget(): void {
  rmSync(join(scratch.root, 'home', '.local'), { recursive: true, force: true });
}

describe('the user’s own', () => {
  it('is what they typed, whether or not they commit it, amend it or type more', async () => {
    scratch.commit({ 'a.txt': 'a' });
    scratch.write({ [config]: evil });
    expect(await ask()).toEqual([]);
    forget();
    scratch.git('add', '-A');
    expect(await ask()).toEqual([]);
    forget();
    scratch.commit({});
    expect(await ask()).toEqual([]);
    forget();
    scratch.write({ [config]: `${evil}setup: touch /y\n` });
    scratch.git('commit', '--quiet', '--all', '--amend', '-m', 'again');
    expect(await ask()).toEqual([]);
  });

  it('is remembered, so that it stays theirs when it comes back by git', async () => {
    scratch.commit({ 'a.txt': 'a' });
    scratch.write({ [config]: evil });
    expect(await ask()).toEqual([]);
    rmSync(join(scratch.dir, config));
    scratch.branch('other', { [config]: evil });
    scratch.git('merge', '--quiet', 'other');
    expect(await ask()).toEqual([]);
    forget();
    expect(await ask()).toEqual(['notify']);
  });

  it('stays theirs when others change something else', async () => {
    scratch.commit({ [config]: evil });
    scratch.branch('other', { [config]: `# more\n${evil}max_parallel: 2\nsetup: touch /y\n` });
    scratch.git('merge', '--quiet', 'other');
    expect(await ask()).toEqual(['setup']);
  });

  it('costs no git process where nothing is claimed, nor once it is known', async () => {
    scratch.commit({ [config]: evil });
    expect(await ask()).toEqual([]);
    const refuse = () => Promise.reject(new Error('git was asked'));
    const trust = createTrust({
      repository: await scratch.open(),
      git: { ...createGit(scratch.dir, { env: scratch.env }), run: refuse, attempt: refuse },
      store: createTrustStore(scratch.env),
      readClaims: claimsOfFile,
    });
    expect(await trust.findUntrusted([])).toEqual([]);
    expect(await trust.findUntrusted(claimsOfFile(config, evil)?.claims ?? [])).toEqual([]);
    await expect(trust.findUntrusted(claimsOfFile(config, 'setup: x')?.claims ?? [])).rejects.toThrow('git was asked');
  });
});

describe('what came by git', () => {
  it('is asked about once for each claim, in this checkout', async () => {
    scratch.commit({ [config]: evil });
    clone();
    expect(await ask()).toEqual(['notify']);
    const trust = await openTrust();
    await trust.accept(claimsOfFile(config, evil)?.claims ?? []);
    expect(await ask()).toEqual([]);
    scratch.write({ [config]: 'notify: touch /z\n' }, join(scratch.root, 'upstream'));
    scratch.commit({}, join(scratch.root, 'upstream'));
    scratch.git('pull', '--quiet');
    expect(await ask()).toEqual(['notify']);
  });

  it('is not the user’s because they wrote something else into the same file', async () => {
    scratch.commit({ [config]: `${evil}setup: [touch /y]\n` });
    clone();
    scratch.write({ [config]: `# mine\nmax_parallel: 1\n${evil}setup: [touch /y, npm ci]\n` });
    expect(await ask()).toEqual(['setup', 'notify']);
    scratch.commit({});
    expect(await ask()).toEqual(['setup', 'notify']);
  });

  it.each([
    ['a merge', ['merge', '--quiet', 'task/x']],
    ['a merge with a commit of its own', ['merge', '--quiet', '--no-ff', '-m', 'm', 'task/x']],
    ['a merge that is not committed', ['merge', '--quiet', '--no-ff', '--no-commit', 'task/x']],
    ['a squashed merge', ['merge', '--quiet', '--squash', 'task/x']],
    ['a cherry-pick', ['cherry-pick', 'task/x']],
    ['a cherry-pick without a commit', ['cherry-pick', '-n', 'task/x']],
    ['a reset', ['reset', '--quiet', '--hard', 'task/x']],
    ['a checkout of the branch', ['checkout', '--quiet', 'task/x']],
    ['a checkout of the file', ['checkout', '--quiet', 'task/x', '--', config]],
  ])('is known after %s, and after the user commits it', async (_, command) => {
    scratch.commit({ [config]: 'setup: npm ci\n' });
    scratch.branch('task/x', { [config]: `setup: npm ci\n${evil}` });
    scratch.git(...command);
    forget();
    expect(await ask()).toEqual(['notify']);
    scratch.git('-c', 'user.name=Ada', 'commit', '--quiet', '--allow-empty', '--all', '-m', 'mine');
    expect(await ask()).toEqual(['notify']);
    scratch.git('commit', '--quiet', '--amend', '--allow-empty', '-m', 'mine, I say');
    expect(await ask()).toEqual(['notify']);
  });

  it('is not the user’s because they amended the commit that brought it, and removed the branch', async () => {
    scratch.commit({ 'a.txt': 'a' });
    scratch.branch('task/x', { [config]: evil });
    scratch.git('cherry-pick', 'task/x');
    scratch.git('branch', '--quiet', '-D', 'task/x');
    scratch.git('commit', '--quiet', '--amend', '-m', 'mine');
    expect(await ask()).toEqual(['notify']);
  });

  it('is known after a fetch of an address, of which no branch is left', async () => {
    scratch.commit({ 'a.txt': 'a' });
    const other = join(scratch.root, 'other');
    cpSync(scratch.dir, other, { recursive: true });
    scratch.commit({ [config]: evil }, other);
    scratch.git('fetch', '--quiet', other, 'main');
    scratch.git('checkout', '--quiet', 'FETCH_HEAD', '--', config);
    expect(await ask()).toEqual(['notify']);
  });

  it('is known in other line ends, and with an id that git writes in', async () => {
    const text = 'agent: { command: bash, args: ["$Id$"] }\nsetup: touch /y\n';
    scratch.commit({ '.gitattributes': '* text eol=crlf ident\n', [config]: text });
    clone();
    expect(readFileSync(join(scratch.dir, config), 'utf8')).toMatch(/\$Id: [0-9a-f]+ \$.*\r\n/);
    expect(await ask()).toEqual(['setup', 'agent']);
  });

  it.each(['not: a\n  - setting\n', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'x'.repeat(300_000)])(
    'may have been anything where a version can’t be understood: %.20s',
    async (text) => {
      scratch.commit({ [config]: text });
      clone();
      scratch.write({ [config]: evil });
      expect(await ask()).toEqual(['notify']);
      scratch.commit({});
      expect(await ask()).toEqual([]);
    },
  );

  it('is all that lies behind a link or in a repository of its own', async () => {
    scratch.commit({ 'elsewhere/config.yaml': evil, 'agents/x.md': '---\ntools: Bash(curl *)\n---\nDo.\n' });
    symlinkSync('elsewhere', join(scratch.dir, '.orchestrator'));
    expect(await ask()).toEqual(['notify']);
    rmSync(join(scratch.dir, '.orchestrator'));
    scratch.write({ [config]: evil, '.orchestrator/.git': 'gitdir: ../.git/modules/x\n' });
    expect(await ask()).toEqual(['notify']);
    rmSync(join(scratch.dir, '.orchestrator/.git'));
    expect(await ask()).toEqual([]);
    scratch.write({ '.claude/settings.json': '{}' });
    symlinkSync('../agents', join(scratch.dir, '.claude/agents'));
    expect(await ask('.claude/agents/x.md')).toEqual(['tools']);
  });

  it('is all that an agent has in its worktree, committed or not', async () => {
    scratch.commit({ [config]: 'retries: 0\n' });
    const { workspace } = await start(await scratch.worktrees(), 'a');
    scratch.write({ [config]: evil }, workspace.path);
    expect(await ask(config, workspace.path)).toEqual(['notify']);
    scratch.commit({}, workspace.path);
    expect(await ask(config, workspace.path)).toEqual(['notify']);
  });

  it('is a role that was renamed in case, where file systems may not tell case apart', async () => {
    scratch.commit({ '.Orchestrator/Templates/Tester.md': '---\ntools: Bash(curl *)\n---\nDo.\n' });
    clone();
    scratch.write({ '.orchestrator/templates/tester.md': '---\ntools: Bash(curl *)\n---\nDo.\n' });
    expect(await ask('.orchestrator/templates/tester.md')).toEqual(['tools']);
  });
});

describe('a commit’s files for Claude Code', () => {
  const hooks = '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"touch /x"}]}]}}';

  it('are handed over as data once they are trusted', async () => {
    scratch.commit({ '.claude/settings.json': hooks, '.mcp.json': '{"mcpServers":{"a":{"command":"x"}}}' });
    const trust = await openTrust();
    const files = { settings: JSON.parse(hooks) as unknown, mcp: { mcpServers: { a: { command: 'x' } } } };
    expect(await trust.trustedProject('HEAD')).toEqual({ kind: 'trusted', files });
    clone();
    forget();
    const found = await (await openTrust()).trustedProject('HEAD');
    expect(found).toMatchObject({ kind: 'untrusted', claims: [{ key: 'hooks.Stop' }, { key: 'mcpServers.a' }] });
    if (found.kind === 'untrusted') await (await openTrust()).accept(found.claims);
    expect(await (await openTrust()).trustedProject('main')).toEqual({ kind: 'trusted', files });
  });

  it('are those of the commit that is asked for, not of the checkout or of a branch', async () => {
    const base = scratch.commit({ '.claude/settings.json': '{"model":"haiku"}' });
    const branch = scratch.branch('task/x', { '.claude/settings.json': hooks });
    scratch.write({ '.claude/settings.json': hooks });
    const trust = await openTrust();
    const files = { settings: { model: 'haiku' }, mcp: null };
    expect(await trust.trustedProject(base)).toEqual({ kind: 'trusted', files });
    expect(await trust.trustedProject(branch)).toMatchObject({ kind: 'untrusted' });
  });

  it('need a yes for their bytes where they are no JSON, and are not used where they are a link or too large', async () => {
    scratch.commit({ '.claude/settings.json': '{"hooks":', 'x.json': hooks });
    symlinkSync('x.json', join(scratch.dir, '.mcp.json'));
    scratch.commit({});
    clone();
    expect(await (await openTrust()).trustedProject('HEAD')).toMatchObject({
      kind: 'untrusted',
      claims: [{ source: '.claude/settings.json', key: 'no JSON, SHA-256' }],
    });
    writeFileSync(join(scratch.dir, '.claude/settings.json'), JSON.stringify({ x: 'x'.repeat(300_000) }));
    scratch.commit({});
    const files = { settings: null, mcp: null };
    expect(await (await openTrust()).trustedProject('HEAD')).toEqual({ kind: 'trusted', files });
    expect(await (await openTrust()).trustedProject('no-such-branch')).toEqual({ kind: 'trusted', files });
    expect(existsSync(join(scratch.dir, '.mcp.json'))).toBe(true);
  });
});
