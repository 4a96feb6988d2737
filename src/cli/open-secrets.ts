/** Finds secrets in the settings that others than the user can read. Messages never repeat a value. */
import { lstat } from 'node:fs/promises';
import { isOpenToOthers } from '../adapters/files/local-settings.ts';
import { findTracking, type Tracking } from '../adapters/git/tracking.ts';
import { looksSecret } from '../adapters/redaction/redactor.ts';
import { composeConfig, localSettingsShownAs, settingsShownAs } from './compose-reader.ts';
import type { Place } from './place.ts';

/** A readable secret, and how to close it. */
export interface Exposure {
  readonly detail: string;
  /** The command or action that closes it. */
  readonly hint: string;
}

/** The secrets in a `config.yaml` that git tracks, or would with the next `git add`. None where its text is wrong. */
export async function listOpenSecrets(place: Place): Promise<readonly Exposure[]> {
  const settings = (await composeConfig(place).readIfChanged())?.settings;
  if (settings == null) return [];
  const variables = Object.entries(settings.agent.env).filter(([name, value]) => looksSecret(name, value));
  const isNotifySecret = settings.notify?.some((word) => looksSecret('', word)) ?? false;
  if (variables.length === 0 && !isNotifySecret) return [];
  const tracking = await findTracking(place.topLevel, settingsShownAs);
  if (tracking === 'ignored') return [];
  return [
    ...variables.map(([name]) => describe(`agent.env.${name}`, tracking, `agent: { env: { ${name}: ... } }`)),
    ...(isNotifySecret ? [describe('notify', tracking, 'notify: ...')] : []),
  ];
}

/** The problem with a `local.yaml`'s place, if there is one. A tracked one is an error of the settings. */
export async function listLocalExposures({ layout, topLevel }: Place): Promise<readonly Exposure[]> {
  const stats = await lstat(layout.localSettings).catch(() => null);
  if (stats === null) return [];
  const isUntracked = (await findTracking(topLevel, localSettingsShownAs)) === 'untracked';
  const untracked = {
    detail: `git does not ignore ${localSettingsShownAs}: git add would take it in`,
    hint: 'Type: echo /local.yaml >> .orchestrator/.gitignore',
  };
  const readable = {
    detail: `other users can read ${localSettingsShownAs}`,
    hint: `Type: chmod 600 ${localSettingsShownAs}`,
  };
  return [...(isUntracked ? [untracked] : []), ...((await isOpenToOthers(layout.localSettings)) ? [readable] : [])];
}

function describe(key: string, tracking: Tracking, line: string): Exposure {
  const why = tracking === 'tracked' ? 'git tracks that file' : 'git add would take that file in';
  return {
    detail: `${key} in ${settingsShownAs} looks like a secret, and ${why}`,
    hint: `Move it to ${localSettingsShownAs}, which git ignores:  ${line}${
      tracking === 'tracked' ? '  and replace it by a new one if it was pushed' : ''
    }`,
  };
}
