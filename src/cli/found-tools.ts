/** Looks at the files at the top of a repository for the tools that it uses. Nothing is run, and no link is followed. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextFile } from '../adapters/files/reader.ts';
import { suggestSettings, type Suggestion } from '../markdown/suggestions.ts';

/** A longer `package.json` or makefile is not read. */
const maxFileBytes = 256 * 1024;
/** Files that make reads; the first that is there counts. */
const makefiles = ['GNUmakefile', 'makefile', 'Makefile'];
/** Files of which only the presence counts. */
const markers = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  '.yarnrc.yml',
  'bun.lock',
  'bun.lockb',
  'Cargo.toml',
  'go.mod',
  'pyproject.toml',
  'uv.lock',
  'requirements.txt',
];

/** Suggests settings for the repository in `folder`. A file that can't be read counts as missing; never rejects. */
export async function suggestFor(folder: string): Promise<Suggestion> {
  const names = new Set(await listPresent(folder, [...markers, ...makefiles]));
  const makefile = makefiles.find((name) => names.has(name));
  return suggestSettings({
    names,
    packageJson: await readFound(folder, 'package.json'),
    makefile: makefile === undefined ? null : await readFound(folder, makefile),
  });
}

async function listPresent(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => lstat(join(folder, name)).catch(() => null)));
  return names.filter((_, index) => found[index]?.isFile() === true);
}

async function readFound(folder: string, name: string): Promise<string | null> {
  const read = await readTextFile(join(folder, name), name, maxFileBytes).catch(() => null);
  return read?.ok === true ? read.value.text : null;
}
