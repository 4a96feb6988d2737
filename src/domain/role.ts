/** A role: how an agent is to work, whatever its task. A file of the board, of the repository or of the package holds it. */
import type { AgentKind } from './agent-kind.ts';

/** The effort of whoever asks for the most that the agent's program knows, whatever that calls it. */
export const highestEffort = 'highest';

/** A role's template or an agent file of the repository. */
export interface Role {
  readonly name: string;
  readonly description: string;
  /** Null is the user's own choice. */
  readonly model: string | null;
  /** A level that the agent's program knows, or {@link highestEffort}; null is the program's default. */
  readonly effort: string | null;
  /** Tools that the role may use; null is no restriction. */
  readonly tools: readonly string[] | null;
  /** Its instructions, in markdown. */
  readonly instructions: string;
  readonly source: 'shipped' | 'override' | 'claude-agent';
  /** The kind of agent that works in it; null where the task or the settings say. */
  readonly runner: AgentKind | null;
}
