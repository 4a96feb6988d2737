/** A file of settings, `config.yaml` or `local.yaml`, read again when it changed. */
import type { Parsed } from '../../domain/diagnostic.ts';
import { limits } from '../../domain/limits.ts';
import type { SettingsFile } from '../../ports.ts';
import { readTextFile } from './reader.ts';

/** A change counts once it was found unchanged after so long: a save that is half done must not pass for defaults. */
const quietMs = 250;

/** The settings at `path`; `parse` turns its text into settings. A file that is missing means the defaults. */
export function createSettingsFile<Value>(
  path: string,
  shownAs: string,
  parse: (text: string) => Parsed<Value>,
): SettingsFile<Value> {
  /** The last report, as JSON: the file's identity, why it is refused, or that it is missing. */
  let known: string | null = null;
  let change: { readonly found: string; readonly since: number } | null = null;

  function isQuiet(found: string): boolean {
    if (change?.found !== found) change = { found, since: Date.now() };
    return Date.now() - change.since >= quietMs;
  }

  return {
    async readIfChanged() {
      const read = await readTextFile(path, shownAs, limits.maxSettingsFileBytes);
      const found = JSON.stringify(read.ok ? read.value.identity : read.failure);
      if (found === known) change = null;
      if (found === known || (known !== null && !isQuiet(found))) return null;
      known = found;
      change = null;
      if (!read.ok && read.failure.kind === 'refused') return { settings: null, problems: read.failure.diagnostics };
      const { value, diagnostics } = parse(read.ok ? read.value.text : '');
      return { settings: value ?? null, problems: diagnostics };
    },
  };
}
