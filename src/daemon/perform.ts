/** The imperative shell: performs one effect by calls of the ports, and returns the events that follow. */
import type { CommandAnswer, CommandId } from '../domain/command.ts';
import type { Effect } from '../domain/effect.ts';
import { unreachable } from '../domain/result.ts';
import type { RunPlan } from '../domain/run.ts';
import type { CommandOutcome, Evidence } from '../domain/work-evidence.ts';
import { limitSpec } from '../domain/rights.ts';
import { agreeTerms, areSameTerms } from '../domain/run-terms.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Settings } from '../domain/settings.ts';
import type { Argv, TaskId } from '../domain/task.ts';
import { renderStory, tellStory } from '../markdown/story.ts';
import { composePrompt } from '../prompt/prompt.ts';
import {
  PortError,
  type AgentRunner,
  type BoardFiles,
  type Clock,
  type CommandRunner,
  type DashboardFile,
  type Disk,
  type Journal,
  type Notes,
  type Roles,
  type Worktrees,
} from '../ports.ts';
import { acceptProposals } from './accept-proposals.ts';
import { bringBackLoaded, bringBackRead } from './bring-back.ts';
import type { PullRequests } from '../domain/pull-request.ts';
import { Caretaker } from './caretaker.ts';
import { discardWork } from './discard-work.ts';
import { editTask, moveForCommand } from './edit-task.ts';
import type { Intake } from './take-in.ts';
import { loadTask, readTask, readVerdicts } from './load-task.ts';
import { mergeWork, type BoardNow } from './merge-work.ts';
import { layNote, lookAtNotes, takeNotes } from './note-work.ts';
import { makeWorktree } from './make-worktree.ts';
import { proposeWork } from './propose-work.ts';
import { readGranted } from './read-granted.ts';
import { restackWork } from './restack-work.ts';
import { composeRequest, roleToTell } from './run-request.ts';
import { sendBack } from './send-work-back.ts';
import { lookForRoom } from './outside-fault.ts';
import { planRun } from './plan-run.ts';
import type { UntimedEvent } from './untimed-event.ts';
import { refuseBesideUser } from './users-session.ts';

/** Everything outside that effects are performed on. */
export interface Ports {
  readonly clock: Clock;
  readonly files: BoardFiles;
  readonly dashboard: DashboardFile;
  readonly worktrees: Worktrees;
  readonly pulls: PullRequests;
  readonly commands: CommandRunner;
  readonly agents: AgentRunner;
  readonly disk: Disk;
  readonly journal: Journal;
  readonly roles: Roles;
  readonly notes: Notes;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** Absolute path of the board's folder. */
  readonly boardDir: string;
  /** Absolute path of the repository. */
  readonly repo: string;
  /** The daemon's own process. */
  readonly pid: number;
  /** Answers whoever waits for a command that is settled. */
  readonly answer: (id: CommandId, answer: CommandAnswer) => void;
  /** Ends commands that are running, because the board stops. */
  readonly breakOff: () => void;
}

/** Performs effects; `settings` are those in force, `sandbox` is what the board found. */
export class Performer {
  readonly #ports: Ports;
  readonly #caretaker: Caretaker;
  readonly #intake: Intake;
  readonly #settings: () => Settings;
  readonly #sandbox: () => Sandbox | null;

  constructor(ports: Ports, intake: Intake, settings: () => Settings, sandbox: () => Sandbox | null) {
    this.#ports = ports;
    this.#caretaker = new Caretaker(ports);
    this.#intake = intake;
    this.#settings = settings;
    this.#sandbox = sandbox;
  }

  #now(): BoardNow {
    return { settings: this.#settings(), sandbox: this.#sandbox() };
  }

  /** The events that follow from an effect. Throws where it could not be performed. */
  async perform(effect: Effect): Promise<readonly UntimedEvent[]> {
    const { files, worktrees, agents, journal } = this.#ports;
    switch (effect.type) {
      case 'take-in':
        return [await this.#intake.takeIn(effect.path, effect.identity)];
      case 'load-task':
        return [await bringBackLoaded(worktrees, await loadTask(this.#ports, effect))];
      case 'read-task':
        return readTask(this.#ports.files, effect.file);
      case 'read-verdicts':
        return [await bringBackRead(worktrees, effect.tasks, await readVerdicts(files, effect.tasks))];
      case 'plan-run':
        return [await planRun(this.#ports, effect, this.#now())];
      case 'move-task':
        return [{ type: 'moved', task: effect.task, file: await this.#caretaker.moveTask(effect) }];
      case 'prepare-workspace':
        await worktrees.prepare(effect.plan);
        return [];
      case 'start-run':
        return [await this.#startRun(effect)];
      case 'stop-run':
        agents.stop(effect.run, effect.cause, effect.hurried);
        return [];
      case 'inspect-work':
        return this.#inspect(effect.task, effect.plan, effect.verify);
      case 'keep-work':
        return this.#caretaker.keepWork(effect.task, effect.plan);
      case 'release-workspace':
        await worktrees.release(effect.plan, effect.forget);
        return [];
      case 'keep-resolution':
        await worktrees.keepResolution(effect);
        return [];
      case 'write-report':
        await files.writeReport(effect.run, effect.text);
        return [];
      case 'record-exit':
        await files.writeRecord(effect.run, effect.record);
        return [];
      case 'write-verdict':
        await files.writeVerdict(effect.task, effect.verdict);
        return [];
      case 'write-review':
        await files.writeReview(effect.task, effect.review);
        return [];
      case 'tell-story':
        return this.#tellStory(effect);
      case 'read-ends':
        return [{ type: 'ends-read', ends: await files.readEnds(effect.files) }];
      case 'prune-task':
        return [await this.#caretaker.prune(effect)];
      case 'drop-grant':
        await files.dropGrant(effect.task);
        return [];
      case 'write-hold':
        await files.writeHold(effect.hold);
        return [];
      case 'ask-command':
        await files.writeCommand(effect.request);
        return [{ type: 'command-read', id: effect.request.id, read: { kind: 'known', request: effect.request } }];
      case 'read-command':
        return [{ type: 'command-read', id: effect.id, read: await this.#caretaker.readCommand(effect.id) }];
      case 'move-for-command':
        return [await moveForCommand(files, effect, this.#ports.clock)];
      case 'edit-for-command':
        return [await editTask(files, effect)];
      case 'send-back-for-command':
        return [await sendBack(this.#ports, effect)];
      case 'discard-for-command':
        return [await discardWork(this.#ports, effect)];
      case 'merge-for-command': {
        const outcome = await mergeWork(this.#ports, effect.request, this.#now());
        return [{ type: 'command-merged', id: effect.id, outcome }];
      }
      case 'restack-for-command': {
        const now = this.#now();
        const { spec } = await readGranted(this.#ports.files, effect, now.settings, now.sandbox);
        const outcome = await restackWork(this.#ports, effect, spec.base ?? now.settings.base, now);
        return [{ type: 'command-restacked', id: effect.id, outcome }];
      }
      case 'pr-for-command':
        return [await proposeWork(this.#ports, effect)];
      case 'open-for-command':
        return [await makeWorktree(this.#ports, effect)];
      case 'accept-for-command':
        return [await acceptProposals(this.#ports, effect, this.#now())];
      case 'check-for-command':
        return this.#checkHandedBack(effect);
      case 'lay-note':
        return layNote(this.#ports, effect);
      case 'look-at-notes':
        return [await lookAtNotes(this.#ports, effect.task)];
      case 'write-pause':
        await files.writePause(effect.paused);
        return [{ type: 'command-kept', id: effect.id }];
      case 'settle-command':
        return [await this.#caretaker.settleCommand(effect)];
      case 'look-at-disk':
        return [{ type: 'disk-looked-at', hasRoom: await this.#ports.disk.hasRoom() }];
      case 'set-aside':
        return this.#caretaker.setAside(effect);
      case 'end-stray':
        return this.#caretaker.endStray(effect.task, effect.run);
      case 'journal':
        await journal.append(effect.entry);
        return [];
      default:
        return unreachable(effect);
    }
  }

  async #startRun(effect: Effect & { readonly type: 'start-run' }): Promise<UntimedEvent> {
    const { clock, files, roles, agents, dashboard, worktrees, boardDir } = this.#ports;
    const { plan, spec, dependencies } = effect;
    const settings = this.#settings();
    const sandbox = this.#sandbox();
    const role = await roles.find(plan.role ?? spec.agent);
    const own = agreeTerms(settings, limitSpec(spec, settings, sandbox, effect.rights), sandbox, role.runner);
    // A conflict is resolved by the checks of the works that are merged.
    const terms = plan.conflict === null || plan.terms === null ? own : { ...own, verify: plan.terms.verify };
    if (plan.terms === null || !areSameTerms(plan.terms, terms)) {
      throw new PortError('the settings were changed while the run was prepared, so it is planned again');
    }
    const { verify } = terms;
    const notes = await dashboard.readNotes();
    const told = await takeNotes(this.#ports, { plan, userNotes: notes, at: clock.now() });
    const project = await worktrees.readProject(plan);
    const instructions = project.kind === 'of-the-base' ? project.instructions : null;
    const prompt = composePrompt({
      ...effect,
      role: roleToTell(role, terms),
      notes,
      told,
      verify,
      maxSubtasks: settings.maxSubtasks,
      boardDir,
      instructions,
    });
    await files.writePrompt(plan, prompt);
    await this.#ports.worktrees.noteRefs(plan);
    await agents.start(
      composeRequest({ plan, terms, spec: { ...spec, verify }, role, settings, project, dependencies, boardDir }),
    );
    const setAside = project.kind === 'of-the-base' ? project.differs : [];
    return { type: 'run-started', run: { task: effect.task, n: plan.n }, setAside };
  }

  async #inspect(task: TaskId, plan: RunPlan, verify: readonly Argv[]): Promise<readonly UntimedEvent[]> {
    const { worktrees, disk } = this.#ports;
    const seen = await lookAtNotes(this.#ports, task);
    const found = await this.#findWork(plan, verify);
    const run = { task, n: plan.n };
    const evidence = { ...found, moved: await worktrees.listMoved(plan) };
    return [seen, ...(await lookForRoom(disk, run)), { type: 'work-inspected', run, evidence }];
  }

  /** Refs that moved are the user's own doing here. */
  async #checkHandedBack(effect: Effect & { readonly type: 'check-for-command' }): Promise<readonly UntimedEvent[]> {
    const refused = await refuseBesideUser(this.#ports.files, effect.id, effect.task);
    if (refused !== null) return [refused];
    const evidence = { ...(await this.#findWork(effect.plan, effect.verify)), moved: [] };
    return [{ type: 'command-checked', id: effect.id, evidence }];
  }

  async #findWork(plan: RunPlan, verify: readonly Argv[]): Promise<Omit<Evidence, 'moved'>> {
    const { worktrees, commands } = this.#ports;
    const found = await worktrees.inspect(plan);
    const outcomes: CommandOutcome[] = [];
    // Work that is missing or unfinished fails anyway; its checks would say nothing new.
    const isWhole = found.commits > 0 && found.dirty.length === 0 && found.repositories.length === 0;
    for (const argv of isWhole ? verify : []) {
      const outcome = await commands.run(argv, { cwd: plan.workspace.path, plan });
      outcomes.push(outcome);
      if (!outcome.ok) break;
    }
    return { ...found, verify: outcomes };
  }

  async #tellStory(effect: Effect & { readonly type: 'tell-story' }): Promise<readonly UntimedEvent[]> {
    const { clock, files } = this.#ports;
    const { task, file, verdict, isMerged } = effect;
    const read = await files.readTask(file);
    if (!read.ok) return [];
    const runFolder = verdict.run === null ? null : `runs/${task}/${String(verdict.run)}`;
    const finishedAt = `${clock.day(verdict.at)} ${clock.timeOfDay(verdict.at)}`;
    const text = tellStory(read.value.text, renderStory(verdict, { id: task, isMerged, runFolder, finishedAt }));
    return [{ type: 'moved', task, file: await files.rewriteTask(read.value.file, text) }];
  }
}
