/** `mcp`: the board as tools for a Claude Code session, over standard input and output. */
import { askedByVariable } from '../ask-board.ts';
import { isCalledByAgent } from '../asked-rights.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { readBoardData } from '../read-board.ts';
import { readVersion } from '../version.ts';
import type { Verb } from '../verb.ts';

/** The verb `mcp`. */
export const mcpCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    const place = await findPlace(options);
    const { serveBoard } = await import('../../mcp/mcp-server.ts');
    await serveBoard({
      program: [process.execPath, process.argv[1] ?? ''],
      env: { ...process.env, [askedByVariable]: 'mcp' },
      repo: place.topLevel,
      version: readVersion(),
      looksOnly: isCalledByAgent(),
      readBoard: async () => (await readBoardData(place)).data,
    });
  });
