/**
 * Puts the parts of the package's plugin into a repository for `init --claude`, so that a Claude Code session has the board as
 * tools without the plugin: a skill, an agent that delegates, the server, and the hook that tells the session when the board
 * needs the user. Each is shown before it is written, and nothing that is there is changed but `.mcp.json` and
 * `.claude/settings.json`, which get one entry more.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../adapters/machine/errors.ts';
import { asArray, asObject, parseObject, type JsonObject } from '../adapters/machine/json-shape.ts';
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

const pluginDir = join(packageRoot, 'plugin');
/** Files of the plugin, and where a repository has them. */
const copies = [
  ['skills/branchboard/SKILL.md', '.claude/skills/branchboard/SKILL.md'],
  ['agents/orchestrator.md', '.claude/agents/orchestrator.md'],
] as const;
const serversPath = '.mcp.json';
const settingsPath = '.claude/settings.json';
const hookEvent = 'UserPromptSubmit';

/** Shows what is missing, asks unless the user said yes before, and writes it. */
export async function addClaudeFiles(topLevel: string, isYes: boolean): Promise<void> {
  const changes: Change[] = [];
  for (const [name, path] of copies) {
    const text = await readFile(join(pluginDir, name), 'utf8');
    const there = await readIfThere(join(topLevel, path));
    if (there === null) changes.push({ path, text, isNew: true });
    else print(`${path} ${there === text ? 'is there' : 'is there already, and stays as it is'}`);
  }
  for (const change of [await addServer(topLevel), await addHook(topLevel)]) if (change !== null) changes.push(change);
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
  const own = asObject((await readPlugin('.mcp.json'))['mcpServers']);
  return addEntry(topLevel, serversPath, { mcpServers: own }, (known) => {
    const servers = asObject(known['mcpServers'] ?? {});
    if (servers === null) return null;
    const isThere = Object.keys(own ?? {}).some((name) => name in servers);
    return isThere ? 'has the server branchboard' : { ...known, mcpServers: { ...servers, ...own } };
  });
}

/** The same for the hook in Claude Code's settings of the repository. */
async function addHook(topLevel: string): Promise<Change | null> {
  const own = asObject((await readPlugin('hooks/hooks.json'))['hooks']);
  return addEntry(topLevel, settingsPath, { hooks: own }, (known) => {
    const hooks = asObject(known['hooks'] ?? {});
    if (hooks === null) return null;
    const there = asArray(hooks[hookEvent]);
    if (JSON.stringify(there).includes('branchboard: ')) return 'has the hook of branchboard';
    return { ...known, hooks: { ...hooks, [hookEvent]: [...there, ...asArray(own?.[hookEvent])] } };
  });
}

/** A JSON file with what `add` makes of it: its new content, words for why it stays, or null where it is of no such shape. */
async function addEntry(
  topLevel: string,
  path: string,
  entry: JsonObject,
  add: (known: JsonObject) => JsonObject | string | null,
): Promise<Change | null> {
  const there = await readIfThere(join(topLevel, path));
  const known = parseObject(there ?? '{}');
  const added = known === null ? null : add(known);
  if (added === null)
    print(`${path} can't be understood, and stays as it is. What belongs into it: ${JSON.stringify(entry)}`);
  else if (typeof added === 'string') print(`${path} ${added} already, and stays as it is`);
  else return { path, text: `${JSON.stringify(added, null, 2)}\n`, isNew: there === null };
  return null;
}

async function readPlugin(path: string): Promise<JsonObject> {
  return parseObject(await readFile(join(pluginDir, path), 'utf8')) ?? {};
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
