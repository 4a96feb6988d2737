/** Joins the readers of a board and its settings, for commands that look from outside. */
import { createClock } from '../adapters/machine/clock.ts';
import { createBoardFiles } from '../adapters/files/board-files.ts';
import { createLocalSettings, joinSettings } from '../adapters/files/local-settings.ts';
import { createSettingsFile } from '../adapters/files/settings-source.ts';
import { createJournal } from '../adapters/files/journal.ts';
import { readBoard } from '../daemon/snapshot.ts';
import type { Board } from '../domain/board.ts';
import { formatDiagnostic } from '../domain/diagnostic.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';
import type { SettingsFile, Worktrees } from '../ports.ts';
import { parseLocalSettings, parseSettings } from '../markdown/settings-file.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { recallSandbox } from './last-sandbox.ts';
import type { Place } from './place.ts';
import { redactFor } from './output-redaction.ts';

/** The settings file as it is called in messages. */
export const settingsShownAs = '.orchestrator/config.yaml';
/** The settings that the repository does not hold, likewise. */
export const localSettingsShownAs = '.orchestrator/local.yaml';

/** The board as its folder tells, for commands; nothing is changed and nothing is started. */
export async function readBoardOf(place: Place): Promise<Board> {
  const clock = createClock();
  const settings = await readSettingsOf(place);
  const files = createBoardFiles(place.layout, clock);
  const journal = createJournal(place.layout.history, clock);
  const known = settings ?? defaultSettings;
  const redact = redactFor(() => known);
  const worktrees: Pick<Worktrees, 'findMerged'> = {
    findMerged: async (base, works) => {
      const { findMerged } = await import('./find-merged.ts');
      return findMerged(place, base, works);
    },
  };
  return readBoard({ clock, files, journal, redact, worktrees }, known, await recallSandbox(place, known));
}

/** The settings as they are; null where the file is wrong. */
export async function readSettingsOf(place: Place): Promise<Settings | null> {
  return (await composeSettings(place).readIfChanged())?.settings ?? null;
}

/**
 * The settings as they are, for what prints texts that may hold the secrets in them; throws CliError where the file is
 * wrong, since those are not known then.
 */
export async function requireSettings(place: Place): Promise<Settings> {
  const read = await composeSettings(place).readIfChanged();
  if (read === null || read.settings !== null) return read?.settings ?? defaultSettings;
  throw new CliError(exitCodes.usage, read.problems.map(formatDiagnostic).join('\n'), 'Mend it and try again.');
}

/**
 * The settings of a place, with those of `local.yaml`. Where `onNotice` is given, `local.yaml` is closed to other
 * users, and a notice says so.
 */
export function composeSettings(place: Place, onNotice: ((message: string) => void) | null = null): SettingsFile {
  const { layout, topLevel } = place;
  const local = createLocalSettings({
    path: layout.localSettings,
    shownAs: localSettingsShownAs,

    parse: (text) => parseLocalSettings(text, localSettingsShownAs),
    isTracked: async () => {
      const { findTracking } = await import('../adapters/git/tracking.ts');
      return (await findTracking(topLevel, localSettingsShownAs)) === 'tracked';
    },
    onNotice,
  });
  return joinSettings(composeConfig(place), local);
}

/** The settings that a place's repository may hold. */
export function composeConfig({ layout }: Place): SettingsFile {
  return createSettingsFile(layout.settings, settingsShownAs, (text) => parseSettings(text, settingsShownAs));
}
