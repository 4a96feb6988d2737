import { describe, expect, it } from 'vitest';
import type { TaskFile } from '../../src/domain/board.ts';
import type { Grant, Right } from '../../src/domain/rights.ts';
import { success } from '../../src/domain/result.ts';
import type { Sandbox } from '../../src/domain/sandbox.ts';
import { agreeTerms } from '../../src/domain/run-terms.ts';
import { defaultSettings, type Settings } from '../../src/domain/settings.ts';
import { Intake } from '../../src/daemon/take-in.ts';
import { Performer, type Ports } from '../../src/daemon/perform.ts';
import type { Role } from '../../src/domain/role.ts';
import type { RunRequest } from '../../src/ports.ts';
import { firstRun, type NextRun } from '../../src/domain/board.ts';
import { emptyPast, type TaskPast } from '../../src/domain/task-past.ts';
import { emptyBoard } from '../../src/core/step.ts';
import { id, makePlan, makeSpec } from '../prompt/input.ts';

const file: TaskFile = { column: 'queued', name: 'a.md', identity: { inode: 1, size: 1, mtimeMs: 0 } };
const bash: Right = 'allowed_tools Bash';
const grantTo = (task: string, ...rights: readonly Right[]): Grant => ({
  ...{ version: 1, task: id(task), origin: 'dropped', rights },
});

/** A performer on a task's file of that text, with what was granted, settings that may change, and all that it did. */
function makePerformer(text: string, grants: readonly Grant[] = [], more: Partial<Role> = {}) {
  const did: string[] = [];
  const requests: RunRequest[] = [];
  const prompts: string[] = [];
  const inForce: { settings: Settings; sandbox: Sandbox | null; session: number | null } = {
    ...{ settings: defaultSettings, sandbox: null, session: null },
  };
  const ports = {
    clock: { now: () => 7, uuid: () => 'uuid', bootId: null },
    guard: { parse: (_: unknown, parse: () => unknown) => parse() },
    files: {
      readTask: () => Promise.resolve(success({ text, file })),
      findSession: () => Promise.resolve(inForce.session),
      readGrant: (task: string) => Promise.resolve(grants.find((grant) => grant.task === task) ?? null),
      writePlan: () => Promise.resolve(void did.push('plan')),
      writePrompt: (_: unknown, prompt: string) => Promise.resolve(void prompts.push(prompt)),
    },
    roles: {
      find: (name: string) => {
        const role = {
          name,
          tools: null,
          model: null,
          effort: null,
          instructions: '',
          source: 'shipped',
          runner: null,
        };
        return Promise.resolve({ ...role, ...more });
      },
    },
    worktrees: {
      resolveBase: ({ start }: { readonly start: string | null }) => {
        did.push(`base ${start ?? 'HEAD'}`);
        return Promise.resolve(success({ commit: 'c' }));
      },
      choose: () => Promise.resolve(makePlan().workspace),
      noteRefs: () => Promise.resolve(),
      readProject: () => Promise.resolve({ kind: 'as-checked-out' }),
    },
    dashboard: { readNotes: () => Promise.resolve('') },
    notes: { mark: () => Promise.resolve('mark'), take: () => Promise.resolve([]), list: () => Promise.resolve([]) },
    agents: { start: (request: RunRequest) => Promise.resolve(void requests.push(request)) },
    boardDir: '/b',
  } as unknown as Ports;
  const intake = new Intake(ports.files, () => emptyBoard, { isBusy: () => false });
  const performer = new Performer(
    ports,
    intake,
    () => inForce.settings,
    () => inForce.sandbox,
  );
  const plan = (next: NextRun = firstRun, past: TaskPast = emptyPast) =>
    performer.perform({ type: 'plan-run', task: id('a'), n: 1, next, past, file, dependencies: [], conflict: null });
  const start = (spec: Parameters<typeof makeSpec>[0], rights: readonly Right[]) =>
    performer.perform({
      ...{ type: 'start-run', task: id('a'), spec: makeSpec(spec), rights },
      plan: makePlan({ terms: agreeTerms(defaultSettings, makeSpec(spec), inForce.sandbox, more.runner ?? null) }),
      ...{ dependencies: [], taskChanged: false, sentBack: null, work: null },
    });
  return { plan, start, did, requests, prompts, inForce };
}

describe('a run that is planned', () => {
  it.each(['base: task/other', 'allowed_tools: Bash', 'permission_mode: bypassPermissions', 'verify: make'])(
    'is not, and no base is looked for, where its file was edited to ask for more since: %s',
    async (line) => {
      const { plan, did } = makePerformer(`---\n${line}\n---\nDo it.\n`);
      await expect(plan()).rejects.toThrow(line.split(':')[0] ?? '');
      expect(did).toEqual([]);
    },
  );

  it('carries what was granted, as the facts tell at that moment', async () => {
    const { plan, did } = makePerformer('---\nbase: task/other\n---\nDo it.\n', [grantTo('a', 'base task/other')]);
    expect(await plan()).toMatchObject([
      { type: 'run-planned', rights: ['base task/other'], plan: { terms: { verify: defaultSettings.verify } } },
    ]);
    expect(did).toEqual(['base task/other', 'plan']);
  });

  it('is not while its user has a session open on it, wherever they moved its file', async () => {
    const { plan, did, inForce } = makePerformer('Do it.\n');
    inForce.session = 7;
    await expect(plan()).rejects.toThrow('your own session on it is open (process 7); end it first');
    expect(did).toEqual([]);
  });

  it('has no more than its parent was given', async () => {
    const text = '---\nparent: p\nallowed_tools: Bash\n---\nDo it.\n';
    await expect(makePerformer(text, [grantTo('a', bash)]).plan()).rejects.toThrow('allowed_tools');
    expect(await makePerformer(text, [grantTo('a', bash), grantTo('p', bash)]).plan()).toHaveLength(1);
  });
});

describe('the kind of agent of a run', () => {
  const scripted = '---\nrunner: scripted\n---\nDo it.\n';
  const granted = [grantTo('a', 'runner scripted')];
  const kindOf = (kind: string) => [{ plan: { terms: { agent: { kind } } } }];

  it('is the task’s, else the role’s, else the settings’', async () => {
    expect(await makePerformer('Do it.\n').plan()).toMatchObject(kindOf('claude'));
    expect(await makePerformer('Do it.\n', [], { runner: 'scripted' }).plan()).toMatchObject(kindOf('scripted'));
    expect(await makePerformer(scripted, granted).plan()).toMatchObject(kindOf('scripted'));
    const other = makePerformer('---\nrunner: claude\n---\nDo it.\n', [], { runner: 'scripted' });
    expect(await other.plan()).toMatchObject(kindOf('claude'));
  });

  it('is another than the settings’ only where that was granted', async () => {
    await expect(makePerformer(scripted).plan()).rejects.toThrow('runner');
  });

  it('goes on with a session of its own kind alone', async () => {
    const next = { ...firstRun, attempt: 2, resume: 'held' };
    const pastOf = (runner: 'claude' | 'scripted'): TaskPast => {
      const terms = agreeTerms(defaultSettings, makeSpec({ runner }), null, null);
      return { ...emptyPast, lastPlan: makePlan({ terms }) };
    };
    const { plan } = makePerformer(scripted, granted);
    expect(await plan(next, pastOf('scripted'))).toMatchObject([{ plan: { session: { mode: 'resume', id: 'held' } } }]);
    expect(await plan(next, pastOf('claude'))).toMatchObject([{ plan: { session: { mode: 'fresh', id: 'uuid' } } }]);
  });

  it('decides whether a role of the repository’s own is handed over or told in the prompt', async () => {
    const own = { source: 'claude-agent', instructions: 'Be brief.' } as const;
    const claude = makePerformer('', [], own);
    await claude.start({}, []);
    expect([claude.requests[0]?.ownRole?.instructions, claude.prompts[0]?.includes('Be brief.')]).toEqual([
      'Be brief.',
      false,
    ]);
    const other = makePerformer('', [], own);
    await other.start({ runner: 'scripted' }, ['runner scripted']);
    expect([other.requests[0]?.ownRole, other.prompts[0]?.includes('Be brief.')]).toEqual([null, true]);
  });
});

describe('a run that is started', () => {
  it('has the model and the effort of its role, unless its file says otherwise', async () => {
    const { start, requests, inForce } = makePerformer('', [], { model: 'opus', effort: 'highest' });
    inForce.settings = { ...defaultSettings, fallbackModel: 'sonnet' };
    await start({}, []);
    await start({ model: 'haiku', effort: 'low' }, []);
    expect(requests).toMatchObject([
      { model: 'opus', effort: 'highest', fallbackModel: 'sonnet' },
      { model: 'haiku', effort: 'low', fallbackModel: 'sonnet' },
    ]);
  });

  it('has what was decided', async () => {
    const { start, requests } = makePerformer('');
    await start({ permissionMode: 'auto', allowedTools: ['Bash'] }, [bash, 'permission_mode auto']);
    expect(requests).toMatchObject([{ permissionMode: 'auto' }]);
    expect(requests[0]?.allowedTools).toContain('Bash');
  });

  it.each<[string, Partial<Settings>]>([
    ['narrower', { permissionMode: 'dontAsk' }],
    ['wider', { allowedTools: [...defaultSettings.allowedTools, 'WebFetch'] }],
    ['of another agent', { agent: { ...defaultSettings.agent, command: 'another' } }],
    ['of other checks', { verify: [['npm', 'test']] }],
  ])('does not begin where the settings became %s meanwhile: it is planned again by them', async (_, changed) => {
    const { start, requests, inForce } = makePerformer('');
    inForce.settings = { ...defaultSettings, ...changed };
    await expect(start({}, [])).rejects.toThrow('planned again');
    expect(requests).toEqual([]);
  });

  it('does not begin with a check that only the sandbox allowed, once the sandbox is gone', async () => {
    const { start, requests, inForce } = makePerformer('');
    await expect(start({ verify: [['make']] }, [])).rejects.toThrow('planned again');
    inForce.sandbox = { kind: 'on' };
    await start({ verify: [['make']] }, []);
    expect(requests[0]?.allowedTools).toContain('Bash(make)');
  });

  it('begins where what changed is none of its terms, such as a key that was renewed', async () => {
    const { start, requests, inForce } = makePerformer('');
    const agent = { ...defaultSettings.agent, env: { TOKEN: 'new' } };
    inForce.settings = { ...defaultSettings, maxParallel: 1, retries: 9, agent };
    await start({}, []);
    expect(requests).toHaveLength(1);
  });
});
