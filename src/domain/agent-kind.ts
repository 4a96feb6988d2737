/**
 * The kinds of agents, and what the board must know of each before it runs one. How a kind is called, how its stream is
 * read and what its end means is known to its driver alone (`adapters/agent/driver`).
 */

/** The names of the kinds, as settings, tasks and roles write them. */
export const agentKinds = ['claude', 'scripted'] as const;
/** One of {@link agentKinds}: Claude Code, or the built-in agent that follows a script in the task. */
export type AgentKind = (typeof agentKinds)[number];

/** The differences between kinds that others than their drivers ask for. */
export interface AgentTraits {
  /** It is a part of this package and calls no model: no program is looked for, and nothing is confined. */
  readonly isBuiltIn: boolean;
  /** The source of roles that it is given as they are; the prompt carries the instructions of all others. */
  readonly ownRoles: 'claude-agent' | null;
}

/** The traits of every kind. */
export const agentTraits: Readonly<Record<AgentKind, AgentTraits>> = {
  claude: { isBuiltIn: false, ownRoles: 'claude-agent' },
  scripted: { isBuiltIn: true, ownRoles: null },
};
