/** Handles the unforeseen: two files of one name, agents that no board follows, work that must not be lost. */
import type { TaskFile } from '../domain/board.ts';
import type { CommandAnswer, CommandId, ReadCommand } from '../domain/command.ts';
import { messageOf } from '../domain/error-message.ts';
import type { Effect } from '../domain/effect.ts';
import { kindOf } from '../domain/outside-kind.ts';
import type { RunId, RunPlan } from '../domain/run.ts';
import type { Column, TaskId } from '../domain/task.ts';
import { PortError, type AgentRunner, type BoardFiles, type Clock, type Journal, type Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** Dependencies of {@link Caretaker}. */
export interface CaretakerPorts {
  readonly clock: Clock;
  readonly files: BoardFiles;
  readonly worktrees: Worktrees;
  readonly agents: AgentRunner;
  readonly journal: Journal;
  readonly redact: (text: string) => string;
  readonly answer: (id: CommandId, answer: CommandAnswer) => void;
}

/** See the file's head. The history tells each finding. */
export class Caretaker {
  readonly #ports: CaretakerPorts;

  constructor(ports: CaretakerPorts) {
    this.#ports = ports;
  }

  /** Of two files of one name the one that the board works on counts; the other is set aside, not deleted. */
  async moveTask({ task, file, to }: Effect & { readonly type: 'move-task' }): Promise<TaskFile> {
    const { files } = this.#ports;
    try {
      return await files.moveTask(file, to);
    } catch (error) {
      if (!(error instanceof PortError) || error.code !== 'EEXIST') throw error;
      // If the user takes `file` away just now, the other one is the task's, and stays.
      await this.setAside({ type: 'set-aside', task, file: { ...file, column: to }, keeper: file });
      return files.moveTask(file, to);
    }
  }

  /** Puts the second of two files of one name into the archive. */
  async setAside({ task, file, keeper }: Effect & { readonly type: 'set-aside' }): Promise<readonly UntimedEvent[]> {
    const aside = await this.#ports.files.setAside(file, keeper);
    if (aside === null) return [];
    await this.#tellFound(
      task,
      file.column,
      `a second file of that name; the one in ${keeper.column}/ counts, this one is archive/${aside.name} now`,
    );
    return [];
  }

  /**
   * Keeps a run's work. Nothing is removed here, so work that git can't take in is reported and holds nothing up. A
   * fault of the machine is thrown: the next attempt may throw the work away, so it waits until the work is kept.
   */
  async keepWork(task: TaskId, plan: RunPlan): Promise<readonly UntimedEvent[]> {
    try {
      await this.#ports.worktrees.keep(plan);
    } catch (error) {
      if (kindOf(error) !== null) throw error;
      const message = this.#ports.redact(messageOf(error));
      const entry = { type: 'effect-failed', at: this.#ports.clock.now(), task, effect: 'keep-work', message } as const;
      await this.#ports.journal.append(entry).catch(() => undefined);
    }
    return [];
  }

  /** Ends an agent that the board does not follow, and keeps its work. */
  async endStray(task: TaskId, run: RunId): Promise<readonly UntimedEvent[]> {
    const { agents, files } = this.#ports;
    // Its end can't be written, which does not keep its task from going on: it is gone.
    await agents.endStray(run).catch(() => undefined);
    await this.#tellFound(
      task,
      'active',
      `an agent was still at work on run ${String(run.n)}, which the board does not follow; it was ended`,
    );
    const plan = (await files.readFacts(task)).runs.find((each) => each.plan.n === run.n)?.plan;
    return plan === undefined ? [] : this.keepWork(task, plan).catch(() => []);
  }

  /** A command whose board was killed between its line of the history and the end of its fact is not carried out again. */
  async readCommand(id: CommandId): Promise<ReadCommand> {
    const { files, journal } = this.#ports;
    if ((await journal.findSettled(id)) === null) return files.readCommand(id);
    await files.removeCommand(id);
    return { kind: 'gone' };
  }

  /**
   * Removes the fact of a settled command, and answers whoever waits for it. As long as the history lacks its line, only
   * that fact says that it was asked.
   */
  async settleCommand({ id, answer }: Effect & { readonly type: 'settle-command' }): Promise<UntimedEvent> {
    await this.#ports.journal.settle();
    await this.#ports.files.removeCommand(id);
    this.#ports.answer(id, answer);
    return { type: 'command-removed', id };
  }

  /** Prunes a finished task. The files go last: as long as they are there, what a kill left is pruned the next time. */
  async prune({ task, file, putAwayAt }: Effect & { readonly type: 'prune-task' }): Promise<UntimedEvent> {
    const { files, worktrees } = this.#ports;
    const { runs } = await files.readFacts(task);
    // Those of one worktree are pruned together.
    const plans = new Map(runs.map(({ plan }) => [plan.workspace.path, plan]));
    const inGit = { worktrees: 0, refs: 0 };
    for (const plan of plans.size === 0 ? [null] : plans.values()) {
      const pruned = await worktrees.prune({ task, plan, putAwayAt });
      inGit.worktrees += pruned.worktrees;
      inGit.refs += pruned.refs;
    }
    return { type: 'task-pruned', task, pruned: { ...inGit, ...(await files.removeRemains(file)) } };
  }

  async #tellFound(task: TaskId, column: Column, note: string): Promise<void> {
    const entry = { type: 'task-found', at: this.#ports.clock.now(), task, column, note } as const;
    await this.#ports.journal.append(entry).catch(() => undefined);
  }
}
