/**
 * What `init --claude` puts into a repository, so that a Claude Code session has the board as tools: a skill, an agent that
 * delegates, and the server in `.mcp.json`. Each is shown before it is written, and nothing that is there is changed but
 * `.mcp.json`, which gets one entry more.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../adapters/machine/errors.ts';
import { asObject, parseObject } from '../adapters/machine/json-shape.ts';
import { packageRoot } from '../adapters/machine/package-files.ts';
import { readRegular } from '../adapters/machine/regular-file.ts';
import { askYes, isOfAgent } from './ask-trust.ts';
import { print } from './verb.ts';

/** A file that is to be written; `isNew` says that none may be there. */
interface Change {
  readonly path: string;
  readonly text: string;
  readonly isNew: boolean;
}

const copies = [
  ['SKILL.md', '.claude/skills/branchboard/SKILL.md'],
  ['orchestrator.md', '.claude/agents/orchestrator.md'],
] as const;
const serversPath = '.mcp.json';
const serverName = 'branchboard';
const server = { command: 'branchboard', args: ['mcp'] };

/** Shows what is missing, asks unless the user said yes before, and writes it. */
export async function addClaudeFiles(topLevel: string, isYes: boolean): Promise<void> {
  const changes: Change[] = [];
  for (const [name, path] of copies) {
    const text = await readFile(join(packageRoot, 'templates', 'claude', name), 'utf8');
    const there = await readIfThere(join(topLevel, path));
    if (there === null) changes.push({ path, text, isNew: true });
    else print(`${path} ${there === text ? 'is there' : 'is there already, and stays as it is'}`);
  }
  const servers = await addServer(topLevel);
  if (servers !== null) changes.push(servers);
  if (changes.length === 0) return;
  for (const { path, text } of changes) print(`\n${path}:\n${text.trimEnd().replace(/^/gm, '  ')}`);
  const isAsked = process.stdin.isTTY && process.stdout.isTTY && !isOfAgent();
  if (!isYes && !isAsked) {
    print('\nNothing of this was written. To have it written: branchboard init --claude --yes');
    return;
  }
  if (!isYes && !(await askYes('\nWrite these files? [y/N] '))) return;
  for (const { path, text, isNew } of changes) {
    await mkdir(dirname(join(topLevel, path)), { recursive: true });
    await writeFile(join(topLevel, path), text, { flag: isNew ? 'wx' : 'w' });
    print(`Wrote ${path}`);
  }
  print(
    'In a Claude Code session of this repository the board is there as tools now; `claude --agent orchestrator` only delegates.',
  );
}

/** `.mcp.json` with the board's server; null where it has one, or can't be understood, which is said. */
async function addServer(topLevel: string): Promise<Change | null> {
  const there = await readIfThere(join(topLevel, serversPath));
  const known = parseObject(there ?? '{}');
  const servers = known === null ? null : asObject(known['mcpServers'] ?? {});
  if (known === null || servers === null) {
    const entry = JSON.stringify({ mcpServers: { [serverName]: server } });
    print(`${serversPath} can't be understood, and stays as it is. What belongs into it: ${entry}`);
    return null;
  }
  if (serverName in servers) {
    print(`${serversPath} has a server ${serverName} already, and stays as it is`);
    return null;
  }
  const text = JSON.stringify({ ...known, mcpServers: { ...servers, [serverName]: server } }, null, 2);
  return { path: serversPath, text: `${text}\n`, isNew: there === null };
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
