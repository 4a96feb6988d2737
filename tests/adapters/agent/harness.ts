/** A board's folder with one run in it, a runner, and a record of what the runner told. Real files, real processes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { createAgentRunner, type AgentRunnerOptions } from '../../../src/adapters/agent/runner.ts';
import { formatRunId, type RunExit, type RunId, type RunPlan, type RunView } from '../../../src/domain/run.ts';
import { defaultSettings, type Settings } from '../../../src/domain/settings.ts';
import { parseTaskId } from '../../../src/domain/task.ts';
import type { AgentRunner, Clock, RunRequest } from '../../../src/ports.ts';

/** Real processes on a busy machine take their time. */

export const bootId = 'this-boot';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (delayMs, wake) => {
    const timer = setTimeout(wake, delayMs);
    return () => clearTimeout(timer);
  },
  day: () => '2026-01-01',
  timeOfDay: () => '00:00:00',
  bootId,
  uuid: () => '00000000-0000-4000-8000-000000000000',
};

/** The path of a tiny agent in `tests/fixtures/agents/`. */
export function fixtureAgent(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/agents/${name}`, import.meta.url));
}

/** Settings under which `sh` runs a fixture as the agent. */
export function shellAgent(name: string, env: Record<string, string> = {}): Settings {
  const agent = { kind: 'claude' as const, command: 'sh', args: [fixtureAgent(name)], env };
  return { ...defaultSettings, agent };
}

export const scriptedAgent: Settings = {
  ...defaultSettings,
  agent: { kind: 'scripted', command: 'claude', args: [], env: {} },
};

export interface Told {
  readonly seen: { readonly run: string; readonly view: RunView; readonly lastOutputAt: number }[];
  readonly exits: { readonly run: string; readonly exit: RunExit }[];
}

export interface Bench {
  readonly root: string;
  readonly boardDir: string;
  readonly work: string;
  readonly told: Told;
  /** Makes a run's folder with its prompt. */
  plan(options?: { n?: number; prompt?: string; resume?: boolean; attempt?: number; bootId?: string | null }): RunPlan;
  folderOf(run: RunId): string;
  runner(settings: Settings, options?: Partial<AgentRunnerOptions>): AgentRunner;
  /** Waits for the only exit that was told, and gives it. */
  exit(): Promise<RunExit>;
  /** The pid in a run's claim. */
  pidOf(run: RunId): number;
  remove(): void;
}

/** Makes a bench; call `remove` at its end. */
export function createBench(): Bench {
  const root = mkdtempSync(path.join(os.tmpdir(), 'branchboard-agent-'));
  const boardDir = path.join(root, '.orchestrator');
  const work = path.join(root, 'work');
  mkdirSync(work, { recursive: true });
  const told: Told = { seen: [], exits: [] };
  const folderOf = (run: RunId): string => path.join(boardDir, 'runs', ...formatRunId(run).split('/'));
  return {
    root,
    boardDir,
    work,
    told,
    folderOf,
    plan: ({ n = 1, prompt = 'do it', resume = false, attempt = 1, bootId: boot = bootId } = {}) => {
      const task = parseTaskId('some-task');
      if (task === undefined) throw new Error('a bad id');
      const plan: RunPlan = {
        ...{
          version: 1,
          task,
          n,
          purpose: 'work',
          role: null,
          conflict: null,
          attempt,
          freeRestarts: 0,
          cause: { kind: 'first' },
          taskHash: '',
          plannedAt: 0,
          terms: null,
        },
        session: { mode: resume ? 'resume' : 'fresh', id: '11111111-1111-4111-8111-111111111111' },
        workspace: { kind: 'branch', path: work, base: 'main', branch: 'task/some-task' },
        bootId: boot,
      };
      mkdirSync(folderOf(plan), { recursive: true });
      writeFileSync(path.join(folderOf(plan), 'prompt.md'), prompt);
      return plan;
    },
    runner: (settings, options = {}) =>
      createAgentRunner({
        boardDir,
        settings: () => settings,
        listener: {
          seen: (run, view, lastOutputAt) => told.seen.push({ run: formatRunId(run), view, lastOutputAt }),
          exited: (run, exit) => told.exits.push({ run: formatRunId(run), exit }),
        },
        clock: realClock,
        environment: process.env,
        sandbox: Promise.resolve({ kind: 'off' }),
        commonDir: path.join(root, 'repo', '.git'),
        excludesFile: () => Promise.resolve(null),
        identity: () => Promise.resolve({ name: 'Test', email: 'test@example.invalid' }),
        timings: { followEveryMs: 10, sweepGraceMs: 200 },
        ...options,
      }),
    exit: async () => {
      await vi.waitFor(() => expect(told.exits).toHaveLength(1), { timeout: 60_000, interval: 5 });
      const only = told.exits[0];
      if (only === undefined) throw new Error('no exit');
      return only.exit;
    },
    pidOf: (run) => Number(readFileSync(path.join(folderOf(run), 'claim'), 'utf8').split('\n')[0]),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A request that asks for nothing special. */
export function requestOf(plan: RunPlan, more: Partial<RunRequest> = {}): RunRequest {
  return {
    plan,
    readsOnly: false,
    ownRole: null,
    project: { kind: 'as-checked-out' },
    model: null,
    effort: null,
    fallbackModel: null,
    maxTurns: null,
    budgetUsd: null,
    permissionMode: 'acceptEdits',
    allowedTools: [],
    disallowedTools: [],
    userRules: [],
    ...more,
  };
}

/** Whether a pid names a living process. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until a file is there and not empty, and gives its text. */
export async function awaitFile(file: string): Promise<string> {
  return await vi.waitFor(
    () => {
      const text = readFileSync(file, 'utf8');
      if (text === '') throw new Error(`${file} is empty`);
      return text;
    },
    { timeout: 60_000, interval: 5 },
  );
}
