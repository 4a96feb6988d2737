/**
 * What the board must know of a kind of agent to run it: how it is called, how its stream is read, and what its end
 * means. A kind is added by its name and traits in `domain/agent-kind`, a folder with its driver beside this one, and a
 * line in `agent/drivers`; the compiler asks for each of them.
 */
import type { EndedBy, RunExit, RunView, Session } from '../../../domain/run.ts';
import type { Settings } from '../../../domain/settings.ts';
import type { RunRequest } from '../../../ports.ts';
import type { Confinement } from '../../sandbox/confinement.ts';

/** All that a driver makes the call of one run from. */
export interface CallRequest {
  readonly request: RunRequest;
  /** By the run's terms, with the variables as they are now. */
  readonly agent: Settings['agent'];
  /** The bounds of its commands; null where they are not confined. */
  readonly confinement: Confinement | null;
  /** The run's folder, absolute: files for this run are written there. */
  readonly folder: string;
  /** `.orchestrator/`, absolute. */
  readonly boardDir: string;
  /** The environment that the agent will have. */
  readonly env: Readonly<Record<string, string>>;
}

/** The program that becomes the agent. It gets its prompt on stdin, and prints its stream to stdout. */
export interface AgentCall {
  /** An absolute path. */
  readonly program: string;
  readonly args: readonly string[];
}

/** The end of a run as it was seen, before anybody asks what it means. */
export type RawExit = Omit<RunExit, 'endedBy'>;

/** The end of the process, if it is known. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  /** The board or a signal ended it. */
  readonly isForced: boolean;
}

/** The reading of one run's stream, line by line. */
export interface AgentStream {
  /** The run as the lines so far show it; the same object as long as they change nothing. */
  readonly view: RunView;
  /** The agent has said all that it had to say, so that it should end now. */
  readonly isThrough: boolean;
  readLine(line: string): void;
  /** Counts lines that are too long to be read. */
  passOver(lines: number): void;
  /** Counts something that the agent can't have written. */
  noteStray(): void;
  /** The board ends the agent because it stays after its result. */
  noteLingering(): void;
  /** The process has ended, and all that it printed was read. */
  close(process: ProcessEnd): void;
}

/** One kind of agent; see the file's head. */
export interface AgentDriver {
  /** Writes the files that the run needs. Throws PortError with `no-agent` or `spawn-failed`, and the system's errors. */
  call(request: CallRequest): Promise<AgentCall>;
  /**
   * The call by which the user goes on with a session in a terminal, or begins one where it is null; `repo` is the top of
   * the checkout. Null where nobody can talk to this kind of agent. Throws PortError with `no-agent`.
   */
  talk(agent: Settings['agent'], session: string | null, repo: string): AgentCall | null;
  /** `askedMode` is the permission mode that the agent was started with, or null where that is not known. */
  openStream(session: Session, askedMode: string | null): AgentStream;
  explainEnd(exit: RawExit): EndedBy;
}
