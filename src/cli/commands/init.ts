/** `init`: makes the board's folder and says what to do next. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClock } from '../../adapters/machine/clock.ts';
import { codeOf } from '../../adapters/machine/errors.ts';
import { makeFolder, privateMode } from '../../adapters/machine/durable.ts';
import { checkFolders } from '../../adapters/files/own-folders.ts';
import { makePrivate } from '../../adapters/files/private-files.ts';
import type { Repository } from '../../adapters/git/repository.ts';
import { defaultSettings } from '../../domain/settings.ts';
import { columns } from '../../domain/task.ts';
import { renderDashboard } from '../../markdown/dashboard.ts';
import { renderDefaultSettings } from '../../markdown/default-settings-text.ts';
import type { Suggestion } from '../../markdown/suggestions.ts';
import { viewDashboard } from '../../views/dashboard-view.ts';
import { composeDashboard } from '../compose-dashboard.ts';
import { checkCheckout } from '../checkout-checks.ts';
import { readBoardOf, readSettingsOf } from '../compose-reader.ts';
import { suggestFor } from '../found-tools.ts';
import { findRepository, placeOf, type GlobalOptions, type OpenPlace } from '../place.ts';
import { offerTrust } from '../ask-trust.ts';
import { redactFor } from '../output-redaction.ts';
import { print, type Verb } from '../verb.ts';

/** Only settings and templates are tracked: an agent's branch must not carry the board. */
const ignored = ['/*', '!/.gitignore', '!/config.yaml', '!/templates/'];

interface InitOptions extends GlobalOptions {
  readonly claude?: boolean;
  readonly yes?: boolean;
}

/** The verb `init`. */
export const initCommand: Verb = (command) =>
  command
    .option('--claude', 'give Claude Code sessions the board as tools: a skill, an agent that delegates, .mcp.json')
    .option('--yes', 'with --claude: write without asking')
    .action(async (options: InitOptions) => {
      const place = placeOf(await findRepository(options));
      if (options.claude === true) {
        const { addClaudeFiles } = await import('../claude-files.ts');
        await addClaudeFiles(place.topLevel, options.yes === true);
        return;
      }
      const suggestion = await suggestFor(place.topLevel);
      const isNew = await makeBoard(place, suggestion);
      print(`${isNew ? 'Made' : 'There is'} a board in ${place.layout.root}`);
      if (isNew && suggestion.tools.length > 0) print(describeSuggestion(suggestion));
      if (place.repository.hasSubmodules) {
        print(
          'This repository has submodules. Worktrees come without them: add to config.yaml  setup: git submodule update --init',
        );
      }
      if (isNew && place.repository.branch === null) {
        print(
          `No branch is checked out, so tasks start from the commit ${place.repository.commit.slice(0, 12)}, now and later. To start from a branch, write its name into .orchestrator/config.yaml, such as  base: main`,
        );
      }
      const settings = await readSettingsOf(place);
      const sparse = (await checkCheckout(place, settings ?? defaultSettings)).find(({ check }) => check === 'sparse');
      if (sparse !== undefined) print(`sparse-checkout: ${sparse.detail}. ${sparse.hint ?? ''}`);
      await offerTrust(place, settings);
      await writeFirstDashboard(place);
      print(`
Next:
  branchboard doctor            checks that all is there
  branchboard add "A sentence"  puts a task into .orchestrator/inbox/; so does add TASK.md (or drop the file there yourself)
  branchboard start             runs the board

Keep .orchestrator/DASHBOARD.md open in your editor: it says what happens, and each task that starts gets what you write
below User Notes.
Git ignores all of .orchestrator/ but its settings. To share those: git add .orchestrator`);
    });

function describeSuggestion({ tools, verify, setup, allowedDomains }: Suggestion): string {
  const keys = Object.entries({ verify, setup, 'sandbox.allowed_domains': allowedDomains })
    .filter(([, values]) => values.length > 0)
    .map(([key]) => key);
  return `Found ${joinWords(tools)}: see ${joinWords(keys)} in config.yaml`;
}

function joinWords(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

/** There before the first start, so that the first task gets the user's notes as well; one that is there stays. */
async function writeFirstDashboard(place: OpenPlace): Promise<void> {
  const board = await readBoardOf(place);
  const model = viewDashboard(board, createClock(), 'stopped', {
    repo: place.topLevel,
    addresses: [],
    redact: redactFor(() => board.settings),
  });
  await composeDashboard(place).update((current) => current ?? renderDashboard(model, ''));
}

/**
 * Makes the missing parts of a board, closed to other users; returns whether its settings are new. New ones hold the
 * suggestions in comments. Throws PortError where an existing folder is not the user's own.
 */
export async function makeBoard({ layout, repository }: OpenPlace, suggestion: Suggestion): Promise<boolean> {
  checkFolders(layout.folders);
  for (const folder of [layout.inbox, ...columns.map((column) => layout.column(column)), layout.runs]) {
    await makeFolder(folder);
  }
  makePrivate(layout);
  await writeNew(join(layout.root, '.gitignore'), `${ignored.join('\n')}\n`);
  return writeNew(layout.settings, renderDefaultSettings(baseOf(repository), suggestion));
}

function baseOf(repository: Repository): string {
  return repository.branch ?? repository.commit;
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: privateMode });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
