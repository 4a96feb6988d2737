/** `init`: makes the board's folder and says what to do next. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../adapters/machine/errors.ts';
import { makeFolder, privateMode } from '../../adapters/machine/durable.ts';
import { checkFolders } from '../../adapters/files/own-folders.ts';
import { makePrivate } from '../../adapters/files/private-files.ts';
import type { Repository } from '../../adapters/git/repository.ts';
import { columns } from '../../domain/task.ts';
import { renderDefaultSettings } from '../../markdown/settings-file.ts';
import type { Suggestion } from '../../markdown/suggestions.ts';
import { readSettingsOf } from '../compose-reader.ts';
import { suggestFor } from '../found-tools.ts';
import { findRepository, placeOf, type GlobalOptions, type OpenPlace } from '../place.ts';
import { offerTrust } from '../ask-trust.ts';
import { print, type Verb } from '../verb.ts';

/** Only settings and templates are tracked: an agent's branch must not carry the board. */
const ignored = ['/*', '!/.gitignore', '!/config.yaml', '!/templates/'];

/** The verb `init`. */
export const initCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    const place = placeOf(await findRepository(options));
    const suggestion = await suggestFor(place.topLevel);
    const isNew = await makeBoard(place, suggestion);
    print(`${isNew ? 'Made' : 'There is'} a board in ${place.layout.root}`);
    if (isNew && suggestion.tools.length > 0) print(describeSuggestion(suggestion));
    if (place.repository.hasSubmodules) {
      print(
        'This repository has submodules. Worktrees come without them: add to config.yaml  setup: git submodule update --init',
      );
    }
    await offerTrust(place, await readSettingsOf(place));
    print(`
Next:
  branchboard doctor            checks that all is there
  branchboard add TASK.md       puts a task into .orchestrator/inbox/ (or drop the file there yourself)
  branchboard start             runs the board; look at .orchestrator/DASHBOARD.md`);
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
