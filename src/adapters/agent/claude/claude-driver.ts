/** Claude Code as a kind of agent: joins its command line, its stream and its words for an end. */
import path from 'node:path';
import type { RunView, Session } from '../../../domain/run.ts';
import { defaultSettings } from '../../../domain/settings.ts';
import type { Clock } from '../../../ports.ts';
import { gitGuardSettings } from '../../git-guard/guard-settings.ts';
import { markOwnCommands } from '../../machine/leftovers.ts';
import { notesFolderOf } from '../../machine/note-script.ts';
import type { AgentDriver, AgentStream, ProcessEnd } from '../driver/agent-driver.ts';
import { resolveCommand } from '../driver/command-path.ts';
import { AbilityReader } from './abilities.ts';
import { claudeArguments } from './claude-arguments.ts';
import { explainClaudeEnd } from './claude-end.ts';
import { writeClaudeFiles } from './claude-settings.ts';
import { addNoise, addStray, closeStream, noteLingering, openStream, readStreamLine } from './claude-stream.ts';
import { isThrough } from './run-end.ts';

/** Makes the driver; it remembers what each program can do. */
export function createClaudeDriver(clock: Clock): AgentDriver {
  const reader = new AbilityReader(clock);
  return {
    call: async ({ request, agent, confinement, folder, boardDir, env }) => {
      const { readsOnly, project } = request;
      const cwd = path.dirname(boardDir);
      const program = resolveCommand(agent.command, env['PATH'] ?? '', cwd);
      const own = markOwnCommands(env, boardDir);
      const abilities = await reader.read({ program, args: agent.args, cwd, env: own });
      const guard = confinement !== null && !readsOnly ? null : gitGuardSettings(request);
      const given = {
        confinement,
        readsOnly,
        project,
        guard,
        notes: notesFolderOf(path.dirname(folder)),
        answerWaitMs: request.plan.terms?.answerWaitMs ?? defaultSettings.answerWaitMs,
        configured: agent.env,
      };
      return { program, args: claudeArguments(request, agent, await writeClaudeFiles(folder, given), abilities) };
    },
    talk: (agent, session, repo) => ({
      program: resolveCommand(agent.command, agent.env['PATH'] ?? process.env['PATH'] ?? '', repo),
      args: [...agent.args, ...(session === null ? [] : ['--resume', session])],
    }),
    openStream: (session, askedMode) => new ClaudeStream(session, askedMode),
    explainEnd: explainClaudeEnd,
  };
}

/** Reads a stream in Claude Code's format. */
export class ClaudeStream implements AgentStream {
  #state;

  constructor(session: Session, askedMode: string | null) {
    this.#state = openStream(session, askedMode);
  }

  get view(): RunView {
    return this.#state.view;
  }

  get isThrough(): boolean {
    return isThrough(this.#state.end);
  }

  readLine(line: string): void {
    this.#state = readStreamLine(this.#state, line);
  }

  passOver(lines: number): void {
    this.#state = addNoise(this.#state, lines);
  }

  noteStray(): void {
    this.#state = addStray(this.#state);
  }

  noteLingering(): void {
    this.#state = noteLingering(this.#state);
  }

  close(process: ProcessEnd): void {
    this.#state = closeStream(this.#state, process);
  }
}
