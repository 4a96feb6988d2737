/**
 * `local.yaml`: settings that the repository must not hold, such as secrets for agents. It counts only where git does not
 * track it, and other users are kept from reading it.
 */
import { lstat } from 'node:fs/promises';
import { exists } from '../machine/file-presence.ts';
import type { Diagnostic, Parsed } from '../../domain/diagnostic.ts';
import { applyLocalSettings, type LocalSettings } from '../../domain/settings.ts';
import type { ReadSettings, SettingsFile } from '../../ports.ts';
import { privateMode } from '../machine/durable.ts';
import { openRegular } from '../machine/regular-file.ts';
import { createSettingsFile } from './settings-source.ts';

/** Dependencies of {@link createLocalSettings}. */
export interface LocalSettingsOptions {
  readonly path: string;
  /** As messages call it. */
  readonly shownAs: string;
  readonly parse: (text: string) => Parsed<LocalSettings>;
  /** Whether git tracks it. */
  readonly isTracked: () => Promise<boolean>;
  /** Told when other users were kept from reading it; null where the file is to stay as it is. */
  readonly onNotice: ((message: string) => void) | null;
}

/** The local settings; a file that is missing says nothing. */
export function createLocalSettings(options: LocalSettingsOptions): SettingsFile<LocalSettings> {
  const { path, shownAs, isTracked, onNotice } = options;
  const file = createSettingsFile(path, shownAs, options.parse);
  /** A file system without modes is reported once. */
  let isHopeless = false;

  async function keepPrivate(tell: (message: string) => void): Promise<void> {
    if (isHopeless || !(await isOpenToOthers(path))) return;
    await makePrivate(path);
    isHopeless = await isOpenToOthers(path);
    const now = isHopeless ? 'they still can: its file system knows no modes' : 'it is yours alone now (mode 600)';
    tell(`other users could read ${shownAs}; ${now}`);
  }

  return {
    async readIfChanged() {
      if (onNotice !== null) await keepPrivate(onNotice);
      const read = await file.readIfChanged();
      if (read === null || !(await exists(path)) || !(await isTracked())) return read;
      return { settings: null, problems: [describeTracked(shownAs)] };
    },
  };
}

/** `config.yaml` and `local.yaml` read as one; neither counts where something is wrong with the other. */
export function joinSettings(config: SettingsFile, local: SettingsFile<LocalSettings>): SettingsFile {
  let known: { readonly config: ReadSettings; readonly local: ReadSettings<LocalSettings> } | null = null;
  return {
    async readIfChanged() {
      const [newConfig, newLocal] = [await config.readIfChanged(), await local.readIfChanged()];
      if (newConfig === null && newLocal === null) return null;
      const nothing = { settings: null, problems: [] };
      known = { config: newConfig ?? known?.config ?? nothing, local: newLocal ?? known?.local ?? nothing };
      const problems = [...known.config.problems, ...known.local.problems];
      const [settings, said] = [known.config.settings, known.local.settings];
      return { settings: settings === null || said === null ? null : applyLocalSettings(settings, said), problems };
    },
  };
}

/** Whether others than the user may read or write a file; false where it is missing or no regular file. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const stats = await lstat(path).catch(() => null);
  return stats?.isFile() === true && (stats.mode & 0o077) !== 0;
}

async function makePrivate(path: string): Promise<void> {
  // By its handle: a link that takes its place meanwhile is not followed.
  const handle = await openRegular(path).catch(() => null);
  await handle?.chmod(privateMode).catch(() => undefined);
  await handle?.close();
}

function describeTracked(file: string): Diagnostic {
  return {
    severity: 'error',
    file,
    message: 'git tracks this file, so that all who have the repository read what it holds',
    expected: 'a file that git ignores',
    hint: `Type: git rm --cached ${file} && git commit -m "Keep local settings out of the repository"; replace secrets that were pushed.`,
  };
}
