/**
 * Reads the first line of Claude Code's stream (`system/init`): parts of the user's set-up that it failed to load,
 * which it passes over silently otherwise, and whether it works under the permission mode that it was given.
 */
import { limits } from '../../../domain/limits.ts';
import { keepStart } from '../../machine/bounded-text.ts';
import { asArray, asObject, asString, type JsonObject } from '../../machine/json-shape.ts';

const versionShape = /^\d+(?:\.\d+){1,3}[\w.+-]{0,40}$/;

/** The program's version; null where it tells none. */
export function readVersion(init: JsonObject): string | null {
  const version = asString(init['claude_code_version']);
  return version !== null && versionShape.test(version) ? version : null;
}

/**
 * Warnings about a run's start, in sentences; bounded. `asked` is the permission mode that was asked for, or null where
 * that is not known.
 */
export function readStartWarnings(init: JsonObject, asked: string | null): readonly string[] {
  const warnings = [
    ...describeMode(asString(init['permissionMode']), asked),
    ...asArray(init['mcp_servers']).flatMap(describeServer),
    ...asArray(init['mcp_server_errors']).flatMap((error) => describeTrouble('MCP server', error, 'name')),
    ...['plugin_errors', 'plugin_warnings'].flatMap((list) =>
      asArray(init[list]).flatMap((error) => describeTrouble('plugin', error, 'plugin')),
    ),
  ];
  const bounded = warnings.map((warning) => clip(warning, limits.maxDashboardTextChars));
  if (bounded.length <= limits.maxRunWarnings) return bounded;
  const more = bounded.length - limits.maxRunWarnings + 1;
  return [...bounded.slice(0, limits.maxRunWarnings - 1), `${String(more)} more of this kind; its log lists them`];
}

function describeMode(mode: string | null, asked: string | null): readonly string[] {
  if (mode === null || asked === null || nameMode(mode) === nameMode(asked)) return [];
  return [`the agent works under permission mode "${mode}", not "${asked}" as was asked for: Claude Code refused that`];
}

/** `manual` is the newer name of `default`. */
function nameMode(mode: string): string {
  return mode === 'manual' ? 'default' : mode;
}

/** A server that is still starting, or that the user switched off, is nothing to tell. */
function describeServer(server: unknown): readonly string[] {
  const name = nameOf(server, 'name');
  const status = asString(asObject(server)?.['status']);
  switch (status) {
    case null:
    case 'connected':
    case 'pending':
    case 'disabled':
      return [];
    case 'failed':
      return [`the MCP server ${name} did not start: the agent is without its tools`];
    case 'needs-auth':
      return [`the MCP server ${name} needs a login: the agent is without its tools`];
    default:
      return [`the MCP server ${name} is "${clip(status, limits.maxTitleChars)}"`];
  }
}

function describeTrouble(kind: string, error: unknown, nameKey: string): readonly string[] {
  const message = asString(asObject(error)?.['message']);
  return message === null ? [] : [`the ${kind} ${nameOf(error, nameKey)}: ${message.replaceAll(/\s+/g, ' ').trim()}`];
}

function nameOf(value: unknown, key: string): string {
  return `"${clip(asString(asObject(value)?.[key]) ?? 'without a name', limits.maxTitleChars)}"`;
}

/** A word that would be cut is left out: half a secret would not be known for one. */
function clip(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${keepStart(text, maxChars).replace(/\S*$/, '').trimEnd()}…`;
}
