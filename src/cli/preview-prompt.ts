/** Composes the prompt that a task would get in a role if a fresh session began now, as the board does; starts nothing. */
import { collectHandoffs } from '../core/dependencies.ts';
import { agentTraits } from '../domain/agent-kind.ts';
import { firstRun } from '../domain/board.ts';
import { saidBefore } from '../domain/review.ts';
import { agreeTerms } from '../domain/run-terms.ts';
import { keyOf } from '../domain/task.ts';
import { isReader } from '../prompt/permissions.ts';
import { composePrompt } from '../prompt/prompt.ts';
import type { Role } from '../domain/role.ts';
import { composeParts } from './compose-daemon.ts';
import { readBoardOf, requireSettings } from './compose-reader.ts';
import { CliError, exitCodes } from './exit-code.ts';
import type { OpenPlace } from './place.ts';
import { findTask } from './task-files.ts';

/** Stands for the mark of the user's notes, which is made for each task. */
const mark = 'MARK';

/** See the file's head. Throws CliError where the task is finished, unknown or unreadable, or its base can't be made. */
export async function previewPrompt(place: OpenPlace, role: Role, text: string): Promise<string> {
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
  const instructions = role.source === agentTraits[terms.agent.kind].ownRoles ? '' : role.instructions;
  return composePrompt({
    plan: {
      ...{ version: 1, task: id, n: past.runs + 1, attempt: 1, freeRestarts: 0, cause, workspace, terms },
      ...{ session: { mode: 'fresh', id: clock.uuid() }, taskHash: '', bootId: null, plannedAt: clock.now() },
    },
    ...{ spec, dependencies, instructions: null, verify: terms.verify, boardDir: place.layout.root },
    role: { ...role, instructions },
    notes: await dashboard.readNotes(),
    told: { mark, notes: (await notes.list(id)).map((note) => note.text) },
    taskChanged: false,
    sentBack: saidBefore(past.round, past.sentBack),
  });

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
