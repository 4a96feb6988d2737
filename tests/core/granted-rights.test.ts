import { describe, expect, it } from 'vitest';
import { findNextWake } from '../../src/core/due.ts';
import { isIdle, needsAttention } from '../../src/core/schedule.ts';
import type { Grant, Right } from '../../src/domain/rights.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { keyOf, type TaskSpec } from '../../src/domain/task.ts';
import { fileIn, id, ids, loadedIn, makeExit, makePlan, makeResult, makeSpec, scanOf, Scene, start } from './scene.ts';

const bash: Right = 'allowed_tools Bash';
const asking: Partial<TaskSpec> = { allowedTools: ['Bash'] };

const grantTo = (name: string, ...rights: readonly Right[]): Grant => ({
  ...{ version: 1, task: id(name), origin: 'dropped', rights },
});
const grants = (...all: readonly Grant[]) => new Map(all.map((grant) => [keyOf(grant.task), grant]));

/** The user saves a task's file anew. */
function edit(scene: Scene, name: string, patch: Partial<TaskSpec>): Scene {
  const { file } = scene.task(name);
  return scene.tell({
    type: 'task-read',
    file,
    textHash: 'h',
    spec: makeSpec({ ...patch, id: id(name) }),
    diagnostics: [],
  });
}

describe('a task that asks for rights', () => {
  it('waits for its user, and starts once exactly these are granted', () => {
    const scene = new Scene().queue({ id: 'a', ...asking, retries: 4 });
    expect(scene.states).toEqual({ a: 'queued' });
    expect(isIdle(scene.board, start)).toBe(true);
    expect(needsAttention(scene.board)).toBe(true);
    scene.grant('a', bash);
    expect(scene.states).toEqual({ a: 'queued' });
    scene.grant('a', bash, 'retries 4');
    expect(scene.states).toEqual({ a: 'planning' });
    scene.plan('a');
    expect(scene.effects).toMatchObject([
      { type: 'move-task' },
      { type: 'prepare-workspace' },
      { type: 'start-run', rights: [bash, 'retries 4'] },
    ]);
  });

  it('holds nobody up but its dependents', () => {
    const scene = new Scene().queue({ id: 'a', ...asking }, { id: 'b', dependsOn: ids('a') }, { id: 'c' });
    expect(scene.states).toEqual({ a: 'queued', b: 'queued', c: 'planning' });
  });

  it('asks before its dependencies are done', () => {
    const scene = new Scene().queue({ id: 'a', ...asking, dependsOn: ids('b') }, { id: 'b' });
    scene.grant('a', bash);
    expect(scene.states).toEqual({ a: 'queued', b: 'planning' });
    scene.finish('b', scene.run('b'));
    expect(scene.states).toEqual({ a: 'planning' });
  });

  it('starts where the settings, or what files may have, come to allow it', () => {
    const scene = new Scene().queue({ id: 'a', ...asking });
    scene.tell({ type: 'settings-read', settings: { ...defaultSettings, allowedTools: ['Bash'] }, problems: [] });
    expect(scene.states).toEqual({ a: 'planning' });
  });

  it('is told of in the history by key, since a value may hold a secret', () => {
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({}) });
    const file = fileIn('queued', 'a');
    const spec = makeSpec({ id: id('a'), verify: [['sh', 'secret']] });
    const outcome = { kind: 'accepted', file, spec, grant: null, warnings: [] } as const;
    scene.tell({ type: 'taken-in', path: 'a.md', identity: file.identity, outcome });
    expect(scene.journal).toMatchObject([
      { type: 'task-accepted', origin: 'dropped' },
      { type: 'task-asks', task: 'a', keys: ['verify'] },
    ]);
  });

  it('may add checks once the machine confines them', () => {
    const scene = new Scene().queue({ id: 'a', verify: [['make']] });
    expect(scene.states).toEqual({ a: 'queued' });
    scene.board = { ...scene.board, sandbox: { kind: 'on' } };
    scene.tell({ type: 'tick', day: 'monday' });
    expect(scene.states).toEqual({ a: 'planning' });
  });
});

describe('an edit', () => {
  it('of what is asked for needs another grant', () => {
    const scene = new Scene({ maxParallel: 1 }).queue({ id: 'first', priority: 'high' }, { id: 'a', ...asking });
    scene.grant('a', bash);
    edit(scene, 'a', { allowedTools: ['Bash', 'Write'] });
    scene.finish('first', scene.run('first'));
    expect(scene.states).toEqual({ a: 'queued' });
    edit(scene, 'a', asking);
    expect(scene.states).toEqual({ a: 'planning' });
  });

  it('between the choice and the plan gives nothing, and costs no attempt', () => {
    const scene = new Scene().queue({ id: 'a' });
    const spec = makeSpec({ id: id('a'), ...asking });
    scene.tell({ type: 'run-planned', task: id('a'), plan: makePlan({ task: id('a') }), spec, rights: [] });
    expect(scene.asked).toEqual(['record-exit', 'keep-work', 'move-task']);
    scene.settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 1 } });
    scene.grant('a', bash);
    expect(scene.states).toEqual({ a: 'planning' });
  });

  it('while an agent is on the task gives no checks, no time and no attempts', () => {
    const scene = new Scene({ verify: [['npm', 'test']], retries: 0, timeoutMs: 60_000 }).queue({ id: 'a' });
    const plan = scene.run('a');
    edit(scene, 'a', { verify: [['make']], retries: 9, timeoutMs: 6_000_000 });
    expect(findNextWake(scene.board, scene.at)).toBe(start + 60_000);
    const broken = makeResult({ isError: true, subtype: 'error_during_execution' });
    scene.exit(plan, makeExit({ result: makeResult() }));
    expect(scene.effects).toMatchObject([{ type: 'inspect-work', verify: [['npm', 'test']] }]);
    const other = new Scene({ retries: 0 }).queue({ id: 'a' });
    const failing = other.run('a');
    edit(other, 'a', { retries: 9 });
    other.exit(failing, makeExit({ result: broken }, { exitCode: 1 })).settle('a');
    expect(other.states).toEqual({ a: 'attention' });
  });

  it('gives them where they were granted', () => {
    const scene = new Scene({ timeoutMs: 60_000 }).queue({ id: 'a', timeoutMs: 120_000, verify: [['make']] });
    scene.grant('a', 'timeout 2m', 'verify make');
    const plan = scene.run('a');
    expect(findNextWake(scene.board, scene.at)).toBe(start + 120_000);
    scene.exit(plan, makeExit({ result: makeResult() }));
    expect(scene.effects).toMatchObject([{ type: 'inspect-work', verify: [['make']] }]);
  });
});

describe('a grant', () => {
  it('is for one task, and no later one of that id', () => {
    const scene = new Scene({ maxParallel: 1 }).tell({
      type: 'scanned',
      scan: scanOf({}, { grants: grants(grantTo('a', bash), grantTo('b', bash)) }),
    });
    const file = fileIn('queued', 'a');
    const outcome = {
      kind: 'accepted',
      file,
      spec: makeSpec({ id: id('a'), ...asking }),
      grant: null,
      warnings: [],
    } as const;
    scene.tell({ type: 'taken-in', path: 'a.md', identity: file.identity, outcome });
    expect(scene.states).toEqual({ a: 'queued' });
  });

  it('that came with the file counts at once', () => {
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({}) });
    const file = fileIn('queued', 'a');
    const spec = makeSpec({ id: id('a'), ...asking });
    const outcome = { kind: 'accepted', file, spec, grant: grantTo('a', bash), warnings: [] } as const;
    scene.tell({ type: 'taken-in', path: 'a.md', identity: file.identity, outcome });
    expect(scene.states).toEqual({ a: 'planning' });
  });

  it('stays with a task that is done, for when it is sent back, and goes with one that is put away', () => {
    const kept = scanOf({ done: ['a'], attention: ['b'] }, { grants: grants(grantTo('a', bash), grantTo('b', bash)) });
    const scene = new Scene().tell({ type: 'scanned', scan: kept }).tell({ type: 'scanned', scan: kept });
    expect(scene.asked).not.toContain('drop-grant');
    const away = { ...scanOf({ archive: ['a'], attention: ['b'] }), grants: kept.grants };
    scene.tell({ type: 'scanned', scan: away });
    expect(scene.asked).not.toContain('drop-grant');
    scene.tell({ type: 'scanned', scan: away });
    expect(scene.effects).toMatchObject([{ type: 'drop-grant', task: 'a' }]);
  });

  it('is needed again by nobody who is sent back from attention/ after a restart', () => {
    const scan = scanOf({ queued: ['a', 'b'] }, { grants: grants(grantTo('a', bash)) });
    const scene = new Scene().tell({ type: 'scanned', scan });
    for (const name of ['a', 'b']) {
      const loaded = loadedIn('queued', name, { spec: makeSpec({ id: id(name), ...asking }) });
      scene.tell({ type: 'task-loaded', loaded });
    }
    expect(scene.states).toEqual({ a: 'planning', b: 'queued' });
  });
});

describe('a child', () => {
  it('never has more than its parent was given', () => {
    const scene = new Scene().queue({ id: 'p', ...asking }, { id: 'c', ...asking, parent: id('p') });
    scene.grant('c', bash);
    expect(scene.states).toEqual({ p: 'queued', c: 'queued' });
    scene.grant('p', bash);
    expect(scene.states).toEqual({ p: 'planning', c: 'planning' });
  });
});
