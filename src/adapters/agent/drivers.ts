/** The driver of each kind of agent. */
import type { AgentKind } from '../../domain/agent-kind.ts';
import type { Clock } from '../../ports.ts';
import { createClaudeDriver } from './claude/claude-driver.ts';
import type { AgentDriver } from './driver/agent-driver.ts';
import { scriptedDriver } from './scripted/scripted-driver.ts';

/** Makes them for one runner. */
export function createDrivers(clock: Clock): Readonly<Record<AgentKind, AgentDriver>> {
  return { claude: createClaudeDriver(clock), scripted: scriptedDriver };
}
