/**
 * Composes the prompt that a task would get in a role if a fresh session began now, and the call of the agent, as the board
 * does; starts nothing.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentCall } from '../adapters/agent/driver/agent-driver.ts';
import { createDrivers } from '../adapters/agent/drivers.ts';
import { createClock } from '../adapters/machine/clock.ts';
import { collectHandoffs } from '../core/dependencies.ts';
import { composeRequest, roleToTell } from '../daemon/run-request.ts';
import { firstRun } from '../domain/board.ts';
import type { Role } from '../domain/role.ts';
import { purposeOf } from '../domain/run-purpose.ts';
import type { RunPlan } from '../domain/run.ts';
import { saidBefore } from '../domain/review.ts';
import { agreeTerms, applyTerms } from '../domain/run-terms.ts';
import type { Settings } from '../domain/settings.ts';
import { keyOf } from '../domain/task.ts';
import { isReader } from '../prompt/permissions.ts';
import { composePrompt } from '../prompt/prompt.ts';
import { PortError, type RunRequest } from '../ports.ts';
import { findUntrusted } from './ask-trust.ts';
import { composeParts } from './compose-daemon.ts';
import { readBoardOf, requireSettings } from './compose-reader.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { redactFor } from './output-redaction.ts';
import type { OpenPlace } from './place.ts';
import { findTask } from './task-files.ts';

/** Stands for the mark of the user's notes, which is made for each task. */
const mark = 'MARK';
/** Stands for the id of the session, which is made for each run. */
const session = { mode: 'fresh', id: 'SESSION' } as const;

/** What an agent would be given. */
export interface Preview {
  readonly prompt: string;
  /** Null where its program can't be found, or is not trusted; `trouble` says so. */
  readonly call: AgentCall | null;
  readonly trouble: string | null;
}

/** See the file's head. Throws CliError where the task is finished, unknown or unreadable, or its base can't be made. */
export async function previewRun(place: OpenPlace, role: Role, text: string): Promise<Preview> {
  const { id } = await findTask(place, text);
  const board = await readBoardOf(place);
  const task = board.live.get(keyOf(id));
  if (task === undefined) {
    throw new CliError(
      exitCodes.usage,
      `${id} is finished or can't be read`,
      `The prompts that it was given: ls .orchestrator/runs/${id}/*/prompt.md`,
    );
  }
  const settings = await requireSettings(place);
  const spec = { ...task.spec, agent: role.name };
  const dependencies = collectHandoffs(board, task.spec.dependsOn);
  const sandbox = { sandbox: Promise.resolve({ kind: 'off' } as const), onNotice: () => undefined };
  const { worktrees, dashboard, clock, notes } = composeParts(place, () => settings, sandbox).ports;
  const terms = agreeTerms(settings, spec, board.sandbox, role.runner);
  const { past } = task;
  const cause = task.state === 'queued' ? task.next.cause : firstRun.cause;
  const workspace = past.lastPlan?.workspace ?? (await worktrees.choose(id, await findBase(), isReader(role)));
  const plan: RunPlan = {
    ...{
      version: 1,
      task: id,
      n: past.runs + 1,
      purpose: purposeOf(spec, cause),
      role: role.name,
      conflict: null,
      attempt: 1,
      freeRestarts: 0,
      cause,
      workspace,
      terms,
    },
    ...{ session, taskHash: '', bootId: null, plannedAt: clock.now() },
  };
  const boardDir = place.layout.root;
  const project = await worktrees.readProject(plan);
  const prompt = composePrompt({
    ...{ plan, spec, dependencies, verify: terms.verify, boardDir, role: roleToTell(role, terms) },
    maxSubtasks: settings.maxSubtasks,
    instructions: project.kind === 'of-the-base' ? project.instructions : null,
    notes: await dashboard.readNotes(),
    told: { mark, notes: (await notes.list(id)).map((note) => note.text) },
    taskChanged: false,
    sentBack: saidBefore(past.round, past.sentBack),
    work: null,
  });
  const request = composeRequest({ plan, terms, spec, role, settings, project, dependencies, boardDir });
  const isTrusted = (await findUntrusted(place, settings)).length === 0;
  if (!isTrusted) {
    return {
      prompt,
      call: null,
      trouble: 'its program is not trusted yet, and not asked what it can do: branchboard trust',
    };
  }
  try {
    return { prompt, call: await previewCall(place, request, applyTerms(settings, terms)), trouble: null };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { prompt, call: null, trouble: error.message };
  }

  async function findBase(): Promise<string> {
    const start = spec.base ?? settings.base;
    const base = await worktrees.resolveBase({ task: id, start, dependencies: dependencies.filter(isDone) });
    if (base.ok) return base.value.commit;
    const why = `the works that ${id} depends on conflict with each other, so there is no base for it`;
    throw new CliError(exitCodes.usage, why, `Type: branchboard show ${id}`);
  }
}

/** A dependency that is not done yet has no work that a base could contain. */
function isDone({ branch, report }: { readonly branch: string | null; readonly report: string | null }): boolean {
  return branch !== null || report !== null;
}

/** The call, made in a folder that stands for the run's own. */
async function previewCall({ layout }: OpenPlace, request: RunRequest, settings: Settings): Promise<AgentCall> {
  const { plan } = request;
  const { agent } = settings;
  const scratch = await mkdtemp(join(tmpdir(), 'branchboard-'));
  try {
    const folder = join(scratch, String(plan.n));
    await mkdir(folder);
    const call = await createDrivers(createClock())[agent.kind].call({
      ...{ request, agent, confinement: null, boardDir: layout.root, env: environmentOf(agent) },
      folder,
    });
    const redact = redactFor(() => settings);
    return { ...call, args: call.args.map((arg) => redact(arg.replace(scratch, layout.taskRuns(plan.task)))) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function environmentOf({ env }: Settings['agent']): Readonly<Record<string, string>> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return { ...(Object.fromEntries(inherited) as Record<string, string>), ...env };
}
