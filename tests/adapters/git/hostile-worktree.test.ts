/** A worktree that an agent has made as hostile as it can: the board's own git must run nothing of it, and lose nothing. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../src/domain/run.ts';
import { handoff, Scratch, start, taskId } from './scratch.ts';

let scratch: Scratch;
/** A program that leaves a line in `ran`, with what it was called for. */
let program: string;

beforeEach(() => {
  scratch = new Scratch();
  scratch.commit({ 'README.md': 'hello\n', 'a.txt': 'one\ntwo\nthree\n' });
  program = join(scratch.root, 'program.sh');
  writeFileSync(
    program,
    `#!/bin/sh\necho "$1" >> '${join(scratch.root, 'ran')}'\nenv > '${join(scratch.root, 'env')}'\nexec cat\n`,
  );
  chmodSync(program, 0o755);
});
afterEach(() => scratch.remove());

const listRan = (): string =>
  existsSync(join(scratch.root, 'ran')) ? readFileSync(join(scratch.root, 'ran'), 'utf8').trim() : '';

/** Settings that make git run a program, each one of its own. */
const programSettings = [
  ...['filter.evil.clean', 'filter.evil.smudge', 'diff.evil.textconv', 'diff.evil.command', 'diff.external'],
  ...['core.fsmonitor', 'core.sshCommand', 'core.askPass', 'core.pager', 'core.editor', 'credential.helper'],
  ...['merge.evil.driver', 'gpg.program', 'alias.status'],
];

function setPrograms(dir: string, names = programSettings): void {
  for (const name of names) scratch.gitIn(dir, 'config', name, `${program} ${name}`);
}

/** A repository in a worktree, with files that differ from its commit and settings that run programs. */
function nest(worktree: string, how: 'gitlink' | 'folder'): string {
  const dir = join(worktree, 'nested');
  mkdirSync(dir);
  scratch.gitIn(dir, 'init', '--quiet');
  scratch.commit({ 'f.txt': 'f\n', '.gitattributes': '* filter=evil diff=evil merge=evil\n' }, dir);
  if (how === 'gitlink') {
    scratch.gitIn(worktree, '-c', 'advice.addEmbeddedRepo=false', 'add', 'nested');
    scratch.gitIn(worktree, 'commit', '--quiet', '-m', 'nested');
  }
  setPrograms(dir);
  scratch.gitIn(dir, 'config', 'filter.evil.process', `${program} process`);
  writeFileSync(join(dir, 'f.txt'), 'changed\n');
  return dir;
}

describe.each(['gitlink', 'folder'] as const)('a repository inside (%s)', (how) => {
  it.each(['none', 'ignore = none', 'update = !sh -c ran'])(
    'is not entered, whatever .gitmodules says (%s), and stays with the rest of the work',
    async (line) => {
      const worktrees = await scratch.worktrees();
      const plan = await start(worktrees, 'x');
      const { path } = plan.workspace;
      const dir = nest(path, how);
      if (line !== 'none')
        scratch.write({ '.gitmodules': `[submodule "nested"]\n\tpath = nested\n\turl = x\n\t${line}\n` }, path);
      scratch.write({ 'new.txt': 'new\n' }, path);
      expect((await worktrees.inspect(plan)).dirty).toContain('new.txt');
      await worktrees.keep(plan);
      await worktrees.release(plan, true);
      expect(listRan()).toBe('');
      expect(scratch.git('show', `refs/branchboard/kept/x/1:new.txt`)).toBe('new\n');
      expect(readFileSync(join(dir, 'f.txt'), 'utf8')).toBe('changed\n');
      await worktrees.prepare({ ...plan, n: 2 });
      await worktrees.keep({ ...plan, n: 2 });
      expect(listRan()).toBe('');
    },
  );
});

/** Makes a commit whose files go through the driver `name`. */
function useDriver(plan: RunPlan, name: string): void {
  scratch.commit({ '.gitattributes': `*.txt filter=${name}\n` }, plan.workspace.path);
}

/** Places where an agent that got that far could leave a setting. */
const places: Readonly<Record<string, (plan: RunPlan, name: string, value: string) => void>> = {
  'the common settings': (_, name, value) => void scratch.git('config', name, value),
  'a file that they include': (_, name, value) => {
    const file = join(scratch.root, 'included');
    execFileSync('git', ['config', '--file', file, name, value]);
    scratch.git('config', 'include.path', file);
  },
  'a file that they include for this branch alone': (plan, name, value) => {
    const file = join(scratch.root, 'included');
    execFileSync('git', ['config', '--file', file, name, value]);
    const branch = plan.workspace.kind === 'branch' ? plan.workspace.branch : '';
    scratch.git('config', `includeIf.onbranch:${branch}.path`, file);
  },
  "the worktree's own settings": (plan, name, value) => {
    scratch.git('config', 'extensions.worktreeConfig', 'true');
    scratch.gitIn(plan.workspace.path, 'config', '--worktree', name, value);
  },
};

describe.each(Object.keys(places))('a filter that turns up while the board runs in %s', (place) => {
  it.each(['evil', 'e=vil', 'e.v il'])(
    'does not run (%s), is told once, and the work is kept as it lies',
    async (driver) => {
      const worktrees = await scratch.worktrees();
      const plan = await start(worktrees, 'x');
      useDriver(plan, driver);
      await worktrees.inspect(plan);
      for (const kind of ['clean', 'smudge']) places[place]?.(plan, `filter.${driver}.${kind}`, `${program} ${kind}`);
      places[place]?.(plan, `filter.${driver}.required`, 'true');
      scratch.write({ 'a.txt': 'changed\n', 'new.txt': 'new\n' }, plan.workspace.path);
      expect((await worktrees.inspect(plan)).dirty).toEqual(['a.txt', 'new.txt']);
      await worktrees.keep(plan);
      await worktrees.release(plan, true);
      // The next worktree is checked out with the same attributes.
      const base = await worktrees.resolveBase({
        task: taskId('y'),
        start: 'refs/branchboard/kept/x/1',
        dependencies: [],
      });
      if (!base.ok) throw new Error('conflict');
      const workspace = await worktrees.choose(taskId('y'), base.value.commit, false);
      await worktrees.prepare({ ...plan, task: taskId('y'), workspace });
      expect(listRan()).toBe('');
      expect(readFileSync(join(workspace.path, 'a.txt'), 'utf8')).toBe('changed\n');
      const told = scratch.notices.filter((notice) => notice.includes(`filter.${driver}.clean`));
      expect(told).toEqual([expect.stringContaining('names a program that it did not name when the board started')]);
    },
  );
});

describe('a filter of the user', () => {
  it.each(['common', 'global'])(
    'that was there at the start goes on running (%s settings), with what agents inherit',
    async (where) => {
      for (const kind of ['clean', 'smudge']) {
        scratch.git('config', ...(where === 'global' ? ['--global'] : []), `filter.lfs.${kind}`, `${program} ${kind}`);
      }
      const secrets = { SSH_AUTH_SOCK: '/agent', AWS_SECRET_ACCESS_KEY: 'x', LANG: 'C.UTF-8', NODE_OPTIONS: '--x' };
      const worktrees = await scratch.worktrees({ env: { ...scratch.env, ...secrets } });
      const plan = await start(worktrees, 'x');
      useDriver(plan, 'lfs');
      rmSync(join(scratch.root, 'ran'));
      scratch.write({ 'a.txt': 'changed\n' }, plan.workspace.path);
      await worktrees.keep(plan);
      expect(listRan()).toContain('clean');
      expect(scratch.notices).toEqual([]);
      const names = readFileSync(join(scratch.root, 'env'), 'utf8').match(/^[A-Z_]+(?==)/gm) ?? [];
      expect(names).toEqual(expect.arrayContaining(['PATH', 'HOME', 'LANG']));
      for (const name of ['SSH_AUTH_SOCK', 'AWS_SECRET_ACCESS_KEY', 'NODE_OPTIONS']) expect(names).not.toContain(name);
    },
  );

  it('that is changed while the board runs runs as it was', async () => {
    scratch.git('config', 'filter.lfs.clean', `${program} mine`);
    const worktrees = await scratch.worktrees();
    const plan = await start(worktrees, 'x');
    useDriver(plan, 'lfs');
    scratch.git('config', 'filter.lfs.clean', `${program} theirs`);
    scratch.git('config', 'filter.lfs.process', `${program} process`);
    scratch.write({ 'a.txt': 'changed\n' }, plan.workspace.path);
    await worktrees.keep(plan);
    expect([...new Set(listRan().split('\n'))]).toEqual(['mine']);
    expect(scratch.notices.join('\n')).toContain('filter.lfs.process');
  });

  it('that is installed for all repositories while the board runs is the user’s as well', async () => {
    const worktrees = await scratch.worktrees();
    const plan = await start(worktrees, 'x');
    useDriver(plan, 'lfs');
    scratch.git('config', '--global', 'filter.lfs.clean', `${program} clean`);
    scratch.write({ 'a.txt': 'changed\n' }, plan.workspace.path);
    await worktrees.keep(plan);
    expect([...new Set(listRan().split('\n'))]).toEqual(['clean']);
  });
});

it('a merge driver that turns up while the board runs does not run; files are merged as text', async () => {
  const worktrees = await scratch.worktrees();
  const [one, two] = [
    scratch.branch('task/one', { 'a.txt': 'ONE\ntwo\nthree\n' }),
    scratch.branch('task/two', { 'a.txt': 'one\ntwo\nTHREE\n' }),
  ];
  scratch.git('config', 'merge.evil.driver', `${program} merge`);
  mkdirSync(join(scratch.dir, '.git', 'info'), { recursive: true });
  writeFileSync(join(scratch.dir, '.git', 'info', 'attributes'), '* merge=evil\n');
  const dependencies = [handoff('one', 'task/one', one), handoff('two', 'task/two', two)];
  const base = await worktrees.resolveBase({ task: taskId('x'), start: null, dependencies });
  if (!base.ok) throw new Error('conflict');
  expect(scratch.git('show', `${base.value.commit}:a.txt`)).toBe('ONE\ntwo\nTHREE\n');
  expect(listRan()).toBe('');
  expect(scratch.notices).toEqual([expect.stringContaining('merge.evil.driver')]);
});

it('a worktree whose settings name another folder for its files is looked at all the same, and that folder is not', async () => {
  const worktrees = await scratch.worktrees();
  const plan = await start(worktrees, 'x');
  const victim = join(scratch.root, 'victim');
  scratch.write({ key: 'secret\n' }, victim);
  scratch.git('config', 'extensions.worktreeConfig', 'true');
  scratch.gitIn(plan.workspace.path, 'config', '--worktree', 'core.worktree', victim);
  scratch.write({ 'new.txt': 'new\n' }, plan.workspace.path);
  expect((await worktrees.inspect(plan)).dirty).toEqual(['new.txt']);
  await worktrees.keep(plan);
  expect(scratch.git('ls-tree', '--name-only', 'refs/branchboard/kept/x/1').trim().split('\n')).toEqual([
    'README.md',
    'a.txt',
    'new.txt',
  ]);
});

it.each(['ssh://host/x', 'ext::sh -c ran', 'file:///nowhere'])(
  'nothing is fetched to replace what is missing (%s)',
  async (url) => {
    const worktrees = await scratch.worktrees();
    const plan = await start(worktrees, 'x');
    const tip = scratch.commit({ 'b.txt': 'b\n' }, plan.workspace.path);
    const tree = scratch.git('rev-parse', `${tip}^{tree}`).trim();
    setPrograms(scratch.dir, ['core.sshCommand', 'core.gitProxy', 'credential.helper', 'core.askPass']);
    for (const [name, value] of [
      ['remote.evil.url', url === 'ext::sh -c ran' ? `ext::${program} ext` : url],
      ['remote.evil.promisor', 'true'],
      ['remote.evil.uploadpack', `${program} uploadpack`],
      ...['protocol.allow', 'protocol.ext.allow', 'protocol.ssh.allow', 'protocol.file.allow'].map((key) => [
        key,
        'always',
      ]),
    ])
      scratch.git('config', name ?? '', value ?? '');
    rmSync(join(scratch.dir, '.git', 'objects', tree.slice(0, 2), tree.slice(2)));
    await worktrees.inspect(plan).catch(() => undefined);
    await worktrees.keep(plan).catch(() => undefined);
    expect(listRan()).toBe('');
  },
);

it('a repository that was cloned in part fetches what a worktree needs', async () => {
  scratch.git('config', 'uploadpack.allowFilter', 'true');
  scratch.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  const clone = join(scratch.root, 'clone');
  scratch.git('clone', '--quiet', '--filter=blob:none', '--no-checkout', `file://${scratch.dir}`, clone);
  scratch.gitIn(clone, 'checkout', '--quiet', 'main', '--', 'README.md');
  const worktrees = await scratch.worktrees({ dir: clone });
  const plan = await start(worktrees, 'x');
  expect(readFileSync(join(plan.workspace.path, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
});

describe('what changes beside the settings while an agent runs', () => {
  const changes: Readonly<Record<string, () => void>> = {
    config: () => void scratch.git('config', 'alias.st', 'status'),
    'info/attributes': () => scratch.write({ 'info/attributes': '* -text\n' }, join(scratch.dir, '.git')),
    'hooks/pre-commit': () => scratch.write({ 'hooks/pre-commit': '#!/bin/sh\n' }, join(scratch.dir, '.git')),
    'worktrees/x/config.worktree': () =>
      scratch.write({ 'config.worktree': '[alias]\nst = status\n' }, join(scratch.dir, '.git', 'worktrees', 'x')),
  };

  it.each(Object.keys(changes))('is told once, by its name: %s', async (name) => {
    const worktrees = await scratch.worktrees();
    const plans = [await start(worktrees, 'x'), await start(worktrees, 'y')];
    expect(scratch.notices).toEqual([]);
    changes[name]?.();
    for (const plan of plans) await worktrees.inspect(plan);
    for (const plan of plans) await worktrees.keep(plan);
    expect(scratch.notices).toEqual([
      expect.stringContaining(`${join(scratch.dir, '.git', name)} changed while x/1 was at work.`),
    ]);
  });
});
