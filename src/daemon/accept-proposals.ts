/**
 * Makes tasks of what an agent proposes. The verdict says under which ids before any of them is in the inbox, so that a kill
 * in between loses none and makes none twice. Their files are written by the board: an agent's text is nothing but their body,
 * and they ask for no rights.
 */
import type { TaskFile } from '../domain/board.ts';
import { formatDiagnostic } from '../domain/diagnostic.ts';
import type { Child, Effect } from '../domain/effect.ts';
import { messageOf } from '../domain/error-message.ts';
import { listAsks } from '../domain/rights.ts';
import { fileNameOf, type TaskId, type TaskSpec } from '../domain/task.ts';
import type { Verdict } from '../domain/verdict.ts';
import { parseTaskFile } from '../markdown/task-file.ts';
import { serializeTaskFile, type TaskFields } from '../markdown/task-writer.ts';
import { PortError, type BoardFiles, type ReadFile, type Roles } from '../ports.ts';
import type { BoardNow } from './merge-work.ts';
import { parseTask } from './parse-task.ts';
import type { UntimedEvent } from './untimed-event.ts';

interface AcceptPorts {
  readonly files: BoardFiles;
  readonly roles: Roles;
}

/** See the file's head. `command-accepted` or `command-refused`. */
export async function acceptProposals(
  { files, roles }: AcceptPorts,
  { id, task, file, isPlan, verdict, children }: Effect & { readonly type: 'accept-for-command' },
  now: BoardNow,
): Promise<UntimedEvent> {
  const read = await files.readTask(file);
  const parent = read.ok ? parseTask(read.value).value : undefined;
  if (parent === undefined) throw new PortError(`${file.column}/${file.name} can't be read now`);
  const offered = verdict.proposals.length + verdict.followUps.length;
  const inherited = inherit(parent, verdict.costUsd, offered, now);
  const texts = new Map<TaskId, string>();
  for (const child of children) {
    const text = compose(child, task, inherited);
    const why = (await explainRole(roles, child)) ?? findFault(child, task, text, now);
    if (why !== null) {
      const hint = `Leave it out: branchboard accept ${task} --without ${child.proposal.name}`;
      return { type: 'command-refused', id, why: `was not taken in: ${child.proposal.name}: ${why}`, hint };
    }
    texts.set(child.id, text);
  }
  await files.writeVerdict(task, verdict);
  const laid: TaskId[] = [];
  for (const [child, text] of texts) if (await files.layInbox(child, text)) laid.push(child);
  const queued = isPlan && read.ok ? await queueParent(files, read.value, verdict) : null;
  return { type: 'command-accepted', id, verdict, children: [...texts.keys()], laid, file: queued };
}

/** A plan's own file names its children as what it waits for. */
async function queueParent(files: BoardFiles, { text, file }: ReadFile, { taken }: Verdict): Promise<TaskFile> {
  const waiting = serializeTaskFile({ dependsOn: taken.map(({ id }) => id) }, text);
  return files.moveTask(waiting === text ? file : await files.rewriteTask(file, waiting), 'queued');
}

/** What a child has of its parent: no more rights, and its part of what is left of the budget. */
function inherit(parent: TaskSpec, spentUsd: number, count: number, { settings, sandbox }: BoardNow): TaskFields {
  const budgets = [parent.budgetUsd, settings.budgetUsd].filter((budget) => budget != null);
  const share = Math.max(1, Math.floor(((Math.min(...budgets) - spentUsd) / Math.max(1, count)) * 100)) / 100;
  const { permissionMode: mode, imported } = parent;
  const isNarrower =
    mode !== undefined &&
    listAsks({ ...parent, permissionMode: mode }, settings, sandbox).every(
      (right) => !right.startsWith('permission_mode '),
    );
  return {
    ...(budgets.length > 0 && { budgetUsd: share }),
    ...(isNarrower && { permissionMode: mode }),
    ...(imported !== undefined && { imported }),
  };
}

function compose({ id, proposal, dependsOn }: Child, parent: TaskId, inherited: TaskFields): string {
  const { title, agent, body, touches, verify } = proposal;
  const fields: TaskFields = {
    ...{ id, title, parent },
    ...(agent !== null && { agent }),
    ...(dependsOn.length > 0 && { dependsOn }),
    ...(touches.length > 0 && { touches }),
    ...inherited,
  };
  const checks = verify.map((command) => `- \`${command}\``).join('\n');
  return `${serializeTaskFile(fields, '')}${body.trim()}\n${checks === '' ? '' : `\nHow to check it:\n\n${checks}\n`}`;
}

/** Why the file would not be the task that was proposed; null where it is. */
function findFault(
  { id, proposal }: Child,
  parent: TaskId,
  text: string,
  { settings, sandbox }: BoardNow,
): string | null {
  const fileName = fileNameOf(id);
  const { value, diagnostics } = parseTaskFile(text, { file: fileName, fileName });
  if (value === undefined) return diagnostics.map(formatDiagnostic).join('\n');
  const isSame = value.id === id && value.parent === parent && value.title === proposal.title;
  return isSame && listAsks(value, settings, sandbox).length === 0 ? null : 'its text can’t be written as a task';
}

async function explainRole(roles: Roles, { proposal: { agent } }: Child): Promise<string | null> {
  if (agent === null) return null;
  try {
    await roles.find(agent);
    return null;
  } catch (error) {
    if (error instanceof PortError && error.fault !== null) return messageOf(error);
    throw error;
  }
}
