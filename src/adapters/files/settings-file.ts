/** `config.yaml`, read again when it changed. */
import { isSameFile, type FileIdentity } from '../../domain/board.ts';
import type { Parsed } from '../../domain/diagnostic.ts';
import { limits } from '../../domain/limits.ts';
import type { Settings } from '../../domain/settings.ts';
import type { SettingsFile } from '../../ports.ts';
import { readTextFile } from './reader.ts';

const missing: FileIdentity = { inode: 0, size: 0, mtimeMs: 0 };

/** The settings at `path`; `parse` turns its text into settings. A file that is missing means the defaults. */
export function createSettingsFile(path: string, shownAs: string, parse: (text: string) => Parsed<Settings>): SettingsFile {
  let known: FileIdentity | null = null;
  return {
    async readIfChanged() {
      const read = await readTextFile(path, shownAs, limits.maxSettingsFileBytes);
      if (!read.ok && read.failure.kind === 'refused') {
        if (known !== null && isSameFile(known, missing)) return null;
        known = missing;
        return { settings: null, problems: read.failure.diagnostics };
      }
      const identity = read.ok ? read.value.identity : missing;
      if (known !== null && isSameFile(known, identity)) return null;
      known = identity;
      const { value, diagnostics } = parse(read.ok ? read.value.text : '');
      return { settings: value ?? null, problems: diagnostics };
    },
  };
}
