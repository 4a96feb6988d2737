/** Checks of `doctor` about a repository's files: who wrote them, and what they should not hold. */
import type { Settings } from '../domain/settings.ts';
import { toVisibleLine } from '../domain/visible-text.ts';
import { composeTracked } from './compose-trust.ts';
import type { Finding } from './finding.ts';
import { listLocalExposures, listOpenSecrets } from './open-secrets.ts';
import type { OpenPlace, Place } from './place.ts';
import { findUntrusted, nameClaims } from './ask-trust.ts';

/** Secrets where others could read them. */
export async function checkSecrets(place: Place): Promise<readonly Finding[]> {
  const check = 'secrets';
  const exposures = [...(await listOpenSecrets(place)), ...(await listLocalExposures(place))];
  if (exposures.length === 0) return [{ check, status: 'ok', detail: 'none where others could read them' }];
  return exposures.map(({ detail, hint }) => ({ check, status: 'warning', detail, hint }));
}

/** Empty where all is trusted, so that `doctor` stays short. */
export async function checkTrust(place: OpenPlace, settings: Settings): Promise<readonly Finding[]> {
  const untrusted = await findUntrusted(place, settings);
  if (untrusted.length === 0) return [];
  return [
    {
      check: 'trust',
      status: 'problem',
      detail: `nobody said yes to what came with git: ${nameClaims(untrusted)}`,
      hint: 'See it and say yes: branchboard trust',
    },
  ];
}

/** Tasks and records that came with the repository are not the board's. */
export async function checkTracked(place: OpenPlace): Promise<readonly Finding[]> {
  const [first, ...more] = await composeTracked(place)();
  if (first === undefined) return [];
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return [
    {
      check: 'tracked',
      status: 'warning',
      detail: `came with the repository and is not used: ${toVisibleLine(first)}${others}`,
      hint: 'See all of it: git ls-files .orchestrator (only .gitignore, config.yaml and templates/ belong there)',
    },
  ];
}
