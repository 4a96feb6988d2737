/**
 * `complete -- WORDS`, which the scripts of `completion` call: prints what the last word can become, one a line, with a tab
 * and a description, or `:files` where that is for the shell to say. Shells put what is printed into the command line as
 * it is, so all of it is a constant of ours or an id; a file whose name is no id is not offered. Errors print nothing.
 */
import { homedir } from 'node:os';
import type { Command, Option } from 'commander';
import { listFittingColumns } from '../core/commands/offers.ts';
import { columns, type Column } from '../domain/task.ts';
import { addGlobalOptions } from './verb.ts';
import { nameOf, verbs } from './verbs.ts';

/** What a word can become. */
export interface Candidate {
  readonly text: string;
  readonly description: string;
}

/** Prints the candidates for the last of `words`. */
export async function complete(words: readonly string[]): Promise<void> {
  process.stdout.on('error', () => undefined);
  const candidates = await listCandidates(words).catch(() => []);
  const lines = candidates === 'files' ? [':files'] : candidates.map(formatCandidate);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function formatCandidate({ text, description }: Candidate): string {
  return description === '' ? text : `${text}\t${description}`;
}

/** The candidates for the last of `words`, which follow the program's name as they stand in the command line. */
export async function listCandidates(words: readonly string[]): Promise<readonly Candidate[] | 'files'> {
  // Bash breaks `--priority=high` into three words, and other shells leave it whole.
  const [verb = '', ...others] = words.filter((word) => word !== '=').flatMap(splitOption);
  const current = others.pop();
  const found = current === undefined ? listVerbs() : await listOfVerb(verb, others, current);
  if (found === 'files') return found;
  const word = words.at(-1) ?? '';
  const before = word.slice(0, word.length - (current ?? verb).length);
  return found
    .filter(({ text }) => !others.includes(text))
    .map(({ text, description }) => ({ text: before + text, description }))
    .filter(({ text }) => text.startsWith(word));
}

function splitOption(word: string): readonly string[] {
  return /^(--[^=]+)=(.*)$/s.exec(word)?.slice(1) ?? [word];
}

function listVerbs(): readonly Candidate[] {
  return [
    ...verbs.map((known) => ({ text: nameOf(known), description: known.description })),
    ...['--help', '--version'].map((text) => ({ text, description: '' })),
  ];
}

/** `before` are the words between the verb and the current one. */
async function listOfVerb(
  verb: string,
  before: readonly string[],
  current: string,
): Promise<readonly Candidate[] | 'files'> {
  const known = verbs.find((each) => nameOf(each) === verb);
  if (known === undefined) return [];
  const { Command } = await import('commander');
  const command = new Command().command(known.usage);
  // The first argument stands in the table, and loading some verbs takes as long as all else.
  const isTold = before.length === 0 && !current.startsWith('-') && command.registeredArguments.length > 0;
  if (!isTold) (await known.load())(command, () => undefined);
  addGlobalOptions(command);
  const { option, position, repo } = walk(command, before);
  if (current.startsWith('-') && option?.variadic !== false) {
    const options = command.createHelp().visibleOptions(command);
    return options.map(({ long, description }) => ({ text: long ?? '', description }));
  }
  const { registeredArguments: args } = command;
  const wanted = option ?? args[position] ?? args.find(({ variadic }) => variadic);
  if (wanted?.argChoices !== undefined) return wanted.argChoices.map((text) => ({ text, description: '' }));
  const name = wanted === option ? /[<[](\w+)/.exec(option?.flags ?? '')?.[1] : wanted?.name();
  if (name === 'file' || name === 'dir') return 'files';
  if (name !== 'id' && name !== 'on') return [];
  return listIds(repo, option === undefined && position === 0 ? columnsFor(verb) : columns);
}

function columnsFor(verb: string): readonly Column[] {
  return verb === 'grant' ? columns.filter((column) => column !== 'archive') : listFittingColumns(verb);
}

async function listIds(repo: string | undefined, among: readonly Column[]): Promise<readonly Candidate[]> {
  const { findPlace } = await import('./place.ts');
  const { listTasks } = await import('./task-files.ts');
  const place = await findPlace(repo === undefined ? {} : { repo: unquote(repo) });
  const found = await Promise.all(among.map((column) => listTasks(place, column)));
  return found.flat().map(({ id, column }) => ({ text: id, description: column }));
}

/** The folder that a word of the command line means, as far as it is no variable: some shells hand over what was typed. */
function unquote(word: string): string {
  return word.replace(/^~(?=\/|$)/, homedir()).replace(/\\(.)|['"]/gs, '$1');
}

/** Where the word after `before` stands: the option whose value it may be, or how many arguments come before it. */
function walk(command: Command, before: readonly string[]) {
  let option: Option | undefined;
  let position = 0;
  let repo: string | undefined;
  for (const word of before) {
    if (/^-./.test(word)) {
      const named = command.options.find(({ short, long }) => word === short || word === long);
      option = named?.required === true || named?.optional === true ? named : undefined;
    } else if (option === undefined) position += 1;
    else {
      if (option.name() === 'repo') repo = word;
      if (!option.variadic) option = undefined;
    }
  }
  return { option, position, repo };
}
