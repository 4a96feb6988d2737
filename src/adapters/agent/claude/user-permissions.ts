/**
 * Reads the permissions that the user gave with "always allow" in sessions of their own: `.claude/settings.local.json`
 * of the main checkout. Claude Code 2.1.330 gives it to every session in a linked worktree as well, so to every agent;
 * 2.1.197 does not. The board only reports it.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { readBeginning } from '../../machine/regular-file.ts';
import { asArray, asObject, parseObject } from '../../machine/json-shape.ts';

const maxBytes = 256 * 1024;

/** Permissions of a checkout's local settings beyond the board's own settings. */
export interface LocalRights {
  /** The file, absolute. */
  readonly file: string;
  /** Permission rules, and folders outside of the repository, that are allowed. */
  readonly rules: readonly string[];
  /** Keys of settings that reach agents beside them, such as `hooks`. */
  readonly keys: readonly string[];
}

/** Reads them; null where there is no such file, or none of it reaches an agent. `checkout` is absolute. */
export function readLocalRights(checkout: string): LocalRights | null {
  const file = path.join(checkout, '.claude', 'settings.local.json');
  const settings = readSettings(file);
  const permissions = asObject(settings?.['permissions']);
  // A mode that stands here does not count: the board gives each agent its own.
  const rules = ['allow', 'additionalDirectories']
    .flatMap((key) => asArray(permissions?.[key]))
    .filter((rule) => typeof rule === 'string');
  const keys = ['hooks', 'env'].filter((key) => Object.keys(asObject(settings?.[key]) ?? {}).length > 0);
  return rules.length === 0 && keys.length === 0 ? null : { file, rules, keys };
}

function readSettings(file: string) {
  try {
    return parseObject(readBeginning(realpathSync(file), maxBytes));
  } catch {
    return null;
  }
}
