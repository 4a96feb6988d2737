/** Agents of the simulated world: what they do is drawn when they start, and happens whoever looks. */
import type { Proposal } from '../../src/domain/proposal.ts';
import { explainClaudeEnd } from '../../src/adapters/agent/claude/claude-end.ts';
import type { LastRun } from '../../src/domain/outside-answers.ts';
import { limits } from '../../src/domain/limits.ts';
import type { RunPurpose } from '../../src/domain/run-purpose.ts';
import { emptyRunView, formatRunId, type RunPlan, type RunView } from '../../src/domain/run.ts';
import type { AgentReport, AgentResult } from '../../src/domain/agent-report.ts';
import { PortError, type AgentRunner, type RunListener } from '../../src/ports.ts';
import type { Call } from './calls.ts';
import type { Agent, Life, RunFolder, World } from './world.ts';

type Ending =
  | 'success'
  | 'nothing-to-do'
  | 'no-changes'
  | 'dirty'
  | 'question'
  | 'says-failed'
  | 'error'
  | 'max-turns'
  | 'no-turn'
  | 'auth'
  | 'overload'
  | 'usage-limit'
  | 'connection'
  | 'crash'
  | 'hang'
  | 'linger'
  | 'session-lost';

const troubles: Readonly<Record<Exclude<Ending, 'session-lost'>, number>> = {
  success: 3,
  'nothing-to-do': 2,
  'no-changes': 2,
  dirty: 2,
  question: 2,
  'says-failed': 1,
  error: 2,
  'max-turns': 1,
  'no-turn': 1,
  auth: 1,
  overload: 3,
  'usage-limit': 2,
  connection: 2,
  crash: 2,
  hang: 1,
  linger: 2,
};

/** The port on the world's agents. */
export function makeAgentRunner(world: World, life: Life, call: Call, listener: RunListener): AgentRunner {
  const followed = new Map<string, Agent>();
  return {
    async start(request) {
      const { plan } = request;
      const facts = world.folderOf(plan.task);
      const folder = facts.runs.get(plan.n);
      if (folder === undefined) throw new Error(`${formatRunId(plan)} has no plan`);
      await call(
        'start',
        () => {
          if (folder.claim !== 'none') throw new PortError('the claim is taken', { fault: spawnFailed });
          world.checkRights(request);
          const agent = spawn(world, plan, facts, folder);
          agent.follower = { life, listener, leaving: false, adopted: false };
          followed.set(formatRunId(plan), agent);
        },
        {
          slow: true,
          // The wrapper outlives the daemon that spawned it, and claims its run late, or finds the claim closed.
          onCrash: () => {
            if (!world.random.chance(0.5)) return;
            world.time.after(world.random.int(0, 5_000), () => {
              if (folder.claim === 'none') spawn(world, plan, facts, folder);
            });
          },
        },
      );
    },
    stop(run, cause, hurried) {
      if (!life.alive) return;
      const agent = followed.get(formatRunId(run));
      if (agent === undefined) return;
      if (agent.stopCause === null) {
        agent.stopCause = cause;
        world.checkStop(agent);
      }
      world.note(() => `stop ${formatRunId(run)}: ${cause}`);
      agent.forget.push(
        world.time.after(hurried ? world.random.int(0, 1_000) : world.random.int(0, 12_000), () => {
          const isPolite = agent.view.result === null && world.random.chance(0.3);
          if (isPolite) say(world, agent, { result: makeResult({ isError: true, subtype: 'error_during_execution' }) });
          world.endAgent(agent, isPolite ? 0 : null, isPolite ? null : 'SIGTERM');
        }),
      );
    },
    recover: (plan) =>
      call('recover', (): LastRun => {
        const folder = world.folders.get(plan.task)?.runs.get(plan.n);
        if (folder === undefined || folder.claim === 'closed') return { kind: 'unclaimed' };
        if (folder.claim === 'none') {
          folder.claim = 'closed';
          return { kind: 'unclaimed' };
        }
        const agent = folder.claim;
        const { view, startedAt } = agent;
        if (agent.alive) {
          agent.follower = { life, listener, leaving: false, adopted: true };
          followed.set(formatRunId(plan), agent);
          return { kind: 'alive', view, startedAt };
        }
        const end = { exitCode: null, signal: null, stopped: null, view, stderrTail: '', moved: [] };
        const raw = { endedAt: agent.lastOutputAt, ...end };
        return { kind: 'dead', exit: { ...raw, endedBy: explainClaudeEnd(raw) } };
      }),
    letGo: () => undefined,
    findRunning: () =>
      call('find-running', () => [...world.agents].map(({ plan: { task, n } }) => ({ task, n })), { safe: true }),
    endStray: (run) =>
      call('end-stray', () => {
        const folder = world.folders.get(run.task)?.runs.get(run.n);
        if (folder?.claim === 'none') folder.claim = 'closed';
        if (followed.has(formatRunId(run))) return;
        const stray = [...world.agents].find(({ plan }) => formatRunId(plan) === formatRunId(run));
        if (stray !== undefined) world.endAgent(stray, null, 'SIGTERM');
      }),
  };
}

const spawnFailed = { reason: 'spawn-failed', detail: 'another wrapper has the claim' } as const;

function spawn(world: World, plan: RunPlan, facts: Agent['facts'], folder: RunFolder): Agent {
  world.checkSpawn(plan);
  const { wall } = world;
  const agent: Agent = {
    plan,
    facts,
    startedAt: wall,
    view: emptyRunView,
    lastOutputAt: wall,
    begunAt: world.time.now,
    heardAt: world.time.now,
    alive: true,
    exitCode: null,
    signal: null,
    stopCause: null,
    follower: null,
    forget: [],
  };
  folder.claim = agent;
  world.agents.add(agent);
  for (const note of facts.notes.values()) {
    if (note.toldBy === plan.n) world.tellNote(plan.session.id, note);
  }
  const ending = drawEnding(world, plan);
  world.note(() => `agent ${formatRunId(plan)} started, will end with ${ending}`);
  act(world, agent, ending);
  return agent;
}

function drawEnding(world: World, plan: RunPlan): Ending {
  const { random, weather } = world;
  if (!random.chance(weather.trouble)) return 'success';
  if (plan.session.mode === 'resume' && random.chance(0.15)) return 'session-lost';
  return random.weighted(troubles);
}

function act(world: World, agent: Agent, ending: Ending): void {
  const { random } = world;
  const later = (delayMs: number, what: () => void) => {
    agent.forget.push(
      world.time.after(delayMs, () => {
        if (agent.alive) what();
      }),
    );
  };
  const durationMs = random.chance(0.1) ? random.int(60_000, 400_000) : random.int(500, 40_000);
  const sessionId = agent.plan.session.id;
  later(100, () => say(world, agent, { sessionId: random.chance(0.05) ? `${sessionId}+` : sessionId }));
  // A tool that runs for longer than any silence may last; of an agent that hangs it may never end.
  const hasTool = random.chance(0.3);
  if (hasTool) later(random.int(100, durationMs / 2), () => say(world, agent, { openTools: 1 }));
  if (ending === 'hang') return;
  later(durationMs / 2, () => {
    takeNote(world, agent);
    say(world, agent, {
      openTools: hasTool && random.chance(0.5) ? 1 : 0,
      progress: { done: 1, total: 2, step: 'half of it' },
      lastText: 'Half done.',
      answered: true,
      costUsd: 0.1,
    });
  });
  later(durationMs, () => end(world, agent, ending, later));
}

/** As the hook does after a tool call. */
function takeNote(world: World, { plan, facts }: Agent): void {
  const note = [...facts.notes.values()].find(({ toldBy, readAt }) => toldBy === null && readAt === null);
  if (note === undefined) return;
  note.readAt = world.wall;
  world.tellNote(plan.session.id, note);
}

/** What an agent leaves and says at its end. */
interface Last {
  readonly result: Partial<AgentResult>;
  readonly exitCode: number;
  readonly commits?: number;
  readonly dirty?: boolean;
  readonly view?: Partial<RunView>;
}

function end(world: World, agent: Agent, ending: Ending, later: (delayMs: number, what: () => void) => void): void {
  if (ending === 'crash') {
    world.endAgent(agent, null, 'SIGKILL');
    return;
  }
  const { result, exitCode, commits = 0, dirty, view = {} } = describeLast(world, ending, agent.plan.purpose);
  const tree = world.trees.get(agent.plan.workspace.path);
  if (tree !== undefined) {
    if (agent.plan.workspace.kind === 'branch' || agent.plan.conflict !== null) tree.commits += commits;
    tree.dirty = dirty ?? tree.dirty;
  }
  if (commits > 0) world.work?.(agent.plan);
  const said = makeResult(result);
  say(world, agent, { ...view, openTools: 0, result: said, costUsd: said.costUsd });
  if (ending !== 'linger') {
    later(world.random.int(0, 500), () => world.endAgent(agent, exitCode, null));
    return;
  }
  later(limits.resultGraceMs, () => {
    agent.stopCause ??= 'lingering';
    world.endAgent(agent, null, 'SIGTERM');
  });
}

function describeLast(world: World, ending: Exclude<Ending, 'crash'>, purpose: RunPurpose): Last {
  if (purpose === 'judge' && (ending === 'success' || ending === 'hang')) {
    return { result: { report: { ...report('done'), judgement: drawJudgement(world) } }, exitCode: 0, dirty: false };
  }
  switch (ending) {
    case 'success':
    case 'linger':
    case 'hang':
      return { result: { report: report('done') }, exitCode: 0, commits: 1, dirty: false };
    case 'nothing-to-do':
      return { result: { report: report('nothing-to-do') }, exitCode: 0, dirty: false };
    case 'no-changes':
      return { result: { report: report('done') }, exitCode: 0 };
    case 'dirty':
      return { result: { report: report('done') }, exitCode: 0, commits: 1, dirty: true };
    case 'question':
      return { result: { report: { ...report('needs-input'), questions: ['Left or right?'] } }, exitCode: 0 };
    case 'says-failed':
      return { result: { report: report('failed') }, exitCode: 0 };
    case 'error':
      return failWith(null, 'Something went wrong.');
    case 'max-turns':
      return { result: { isError: true, subtype: 'error_max_turns' }, exitCode: 1 };
    case 'no-turn':
      return { result: { numTurns: 0 }, exitCode: 0 };
    case 'auth':
      return failWith(401, 'Failed to authenticate.');
    case 'overload':
      return failWith(529, 'API Error: 529 Overloaded');
    case 'connection':
      return failWith(null, 'API Error: Unable to connect to API (ECONNREFUSED)');
    case 'usage-limit': {
      const resetsAt = world.random.chance(0.8) ? world.wall + world.random.int(1_000, 1_200_000) : null;
      const usageLimit = { status: 'rejected', resetsAt, kind: 'five_hour' } as const;
      return { ...failWith(429, "You've hit your session limit"), view: { usageLimit } };
    }
    case 'session-lost': {
      const errors = ['No conversation found with session ID: x'];
      const result = { isError: true, subtype: 'error_during_execution', errors };
      return { result, exitCode: 1, view: { sessionId: null } };
    }
  }
}

/** An approval, changes, or a review without a verdict. */
function drawJudgement({ random, weather }: World): AgentReport['judgement'] {
  if (random.chance(weather.trouble)) return null;
  const comments = [{ path: 'a.txt', line: 1, reason: 'It is wrong.' }];
  return random.chance(0.5) ? { approves: true, comments: [] } : { approves: false, comments };
}

function failWith(apiErrorStatus: number | null, text: string): Last {
  return { result: { isError: true, apiErrorStatus, text }, exitCode: 1 };
}

function say(world: World, agent: Agent, view: Partial<RunView>): void {
  agent.view = { ...agent.view, ...view };
  agent.lastOutputAt = world.wall;
  agent.heardAt = world.time.now;
  const { follower } = agent;
  if (follower?.life.alive === true && !follower.leaving) {
    follower.listener.seen(agent.plan, agent.view, agent.lastOutputAt);
  }
}

function report(status: 'done' | 'nothing-to-do' | 'needs-input' | 'failed') {
  return {
    status,
    summary: `It is ${status}.`,
    questions: [],
    options: [],
    followUps: status === 'done' ? ['Look again.'] : [],
    subtasks: status === 'done' ? [subtask('one'), subtask('two', 'one')] : [],
    answers: [],
    dropped: [],
    judgement: null,
  } as const;
}

function subtask(name: string, ...dependsOn: readonly string[]): Proposal {
  return { name, title: name, body: 'Do it.', agent: null, dependsOn, touches: [], verify: [] };
}

function makeResult(patch: Partial<AgentResult>): AgentResult {
  return {
    isError: false,
    subtype: 'success',
    apiErrorStatus: null,
    numTurns: 3,
    costUsd: 0.25,
    text: 'All that was asked for.',
    errors: [],
    report: null,
    ...patch,
  };
}
