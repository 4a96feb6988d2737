/**
 * Freezes the programs that git's settings name: filters, merge drivers, the source of a partial clone. Those that were
 * set when the board started are the user's and stay in force, such as git-lfs. A later one in the repository's own
 * settings may be an agent's, and would run as the user, outside of the sandbox. So the settings are read again before
 * a command that could run one, and new or changed ones are overridden by the command's own settings and reported once.
 *
 * Settings outside the repository are the user's at any time. Settings are asked of git itself, in the place where the
 * command is to run, since they may come from files that are included on conditions, or that belong to one worktree.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from 'shell-quote';

/** One line of {@link listSettingsArgs}'s output. A name's first and last part are in lower case. */
export interface Setting {
  /** `local` and `worktree` are the repository's own. */
  readonly scope: string;
  /** Such as `file:/repo/.git/config`. */
  readonly origin: string;
  readonly name: string;
  readonly value: string;
}

/** A setting's name and value. */
export type Override = readonly [name: string, value: string];

/** Lists all settings that hold where it is run, the weakest first. */
export const listSettingsArgs = ['config', '--list', '-z', '--show-scope', '--show-origin'] as const;

/** Reads what {@link listSettingsArgs} printed. */
export function parseSettingsList(output: string): readonly Setting[] {
  const parts = output.split('\0');
  const settings: Setting[] = [];
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [scope = '', origin = '', entry = ''] = parts.slice(at, at + 3);
    const end = entry.indexOf('\n');
    // A setting without a value stands for `true`.
    const [name, value] = end === -1 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)];
    settings.push({ scope, origin, name, value });
  }
  return settings;
}

/** Settings that name a program, and what holds in place of one that is not the user's. */
const programs: readonly { readonly name: RegExp; readonly harmless: string }[] = [
  { name: /^filter\..+\.(?:clean|smudge|process)$/s, harmless: '' },
  // An empty one is an error, and `false` would be a conflict where there is none.
  { name: /^merge\..+\.driver$/s, harmless: 'git merge-file -q %A %O %B' },
  { name: /^core\.sshcommand$/, harmless: 'ssh' },
  { name: /^core\.(?:gitproxy|askpass)$/, harmless: '' },
  { name: /^credential\.(?:.+\.)?helper$/s, harmless: '' },
  { name: /^remote\..+\.uploadpack$/s, harmless: 'git-upload-pack' },
  { name: /^remote\..+\.receivepack$/s, harmless: 'git-receive-pack' },
  { name: /^remote\..+\.vcs$/s, harmless: '' },
];

/**
 * Commands that look at objects, refs and settings alone. All others may compare files or merge them, also where that is
 * not their purpose: each that writes an index reads the files that changed just now.
 */
const commandsWithoutFiles = new Set([
  ...[
    'cat-file',
    'check-ref-format',
    'commit-tree',
    'config',
    'diff-tree',
    'for-each-ref',
    'fsck',
    'log',
    'merge-base',
  ],
  ...['rev-list', 'rev-parse', 'show-ref', 'symbolic-ref', 'update-ref', 'var', 'version'],
]);

/** A file that changed so short a time ago may change again without its time stamp telling. */
const clockGrainMs = 50;

/** Settings for one command, in variables: on the command line a name that holds `=` would be another one. */
export function composeConfigVariables(overrides: readonly Override[]): Record<string, string> {
  if (overrides.length === 0) return {};
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(overrides.length) };
  for (const [index, [name, value]] of overrides.entries()) {
    variables[`GIT_CONFIG_KEY_${String(index)}`] = name;
    variables[`GIT_CONFIG_VALUE_${String(index)}`] = value;
  }
  return variables;
}

/** A repository's settings as they were when the board started, in the user's checkout. */
export interface StartSettings {
  readonly commonDir: string;
  readonly settings: readonly Setting[];
  /** When git was asked for them, in milliseconds of the clock. */
  readonly settingsReadAt: number;
}

/** Keeps the programs of later settings from running in one repository's commands. */
export class ProgramGuard {
  readonly #start: StartSettings;
  readonly #notice: (message: string) => void;
  readonly #told = new Set<string>();
  /** The findings for the repository's settings file at that `version`; null where they have to be read anew. */
  #known: { readonly version: string; readonly overrides: readonly Override[] } | null = null;
  #firstLook: Promise<void> | null = null;

  constructor(start: StartSettings, notice: (message: string) => void) {
    this.#start = start;
    this.#notice = notice;
  }

  /** Git may fetch what is missing in the middle of any command, since the repository was cloned only in part. */
  get isPartialClone(): boolean {
    return isPartialClone(this.#start.settings);
  }

  /** Whether a command could run a program that the settings name. */
  mayRunPrograms(args: readonly string[]): boolean {
    return this.isPartialClone || !commandsWithoutFiles.has(args[0] ?? '');
  }

  /**
   * The settings that a command needs so that no program of later settings runs; `list` gives all that hold where the
   * command is to run. No git process where the repository's settings are as they were.
   */
  async findOverrides(list: () => Promise<readonly Setting[]>): Promise<readonly Override[]> {
    await (this.#firstLook ??= this.#lookFirst());
    const version = await this.#readVersion();
    if (this.#known !== null && this.#known.version === version?.name) return this.#known.overrides;
    const settings = await list();
    const overrides = this.#compare(settings);
    this.#known = version === null || settings.some(isElsewhere) ? null : { version: version.name, overrides };
    return overrides;
  }

  /** Just after the start the settings are mostly as they were when git was asked for them, so it is not asked again. */
  async #lookFirst(): Promise<void> {
    const { settings, settingsReadAt } = this.#start;
    const version = await this.#readVersion();
    if (version === null || version.since > settingsReadAt || settings.some(isElsewhere)) return;
    this.#known = { version: version.name, overrides: [] };
  }

  #compare(settings: readonly Setting[]): readonly Override[] {
    const overrides: Override[] = [];
    const names = new Set(settings.filter(isOwn).map(({ name }) => name));
    for (const name of names) {
      const program = programs.find((each) => each.name.test(name));
      if (program === undefined) continue;
      const [now, before] = [settings, this.#start.settings].map((all) => all.filter((each) => each.name === name));
      const own = (now ?? []).filter(isOwn);
      const trusted = (before ?? []).filter(isOwn);
      if (listValues(own) === listValues(trusted)) continue;
      const values = [...(now ?? []).filter((each) => !isOwn(each)), ...trusted].map(({ value }) => value);
      overrides.push([name, program.harmless], ...values.map((value): Override => [name, value]));
      const driver = /^filter\.(.+)\./s.exec(name)?.[1];
      if (driver !== undefined && values.length === 0) overrides.push([`filter.${driver}.required`, 'false']);
      if (own[0] !== undefined) this.#tell(own[0]);
    }
    return overrides;
  }

  #tell({ name, origin, value }: Setting): void {
    const key = `${name}\n${value}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const file = origin.replace(/^file:/, '');
    this.#notice(
      `${file} names a program that it did not name when the board started (${name}). The board's own git commands don't run it before the next start. If it is not yours, type: ${quote(['git', 'config', '--file', file, '--unset-all', name])}`,
    );
  }

  /** The file as it is, and since when, in milliseconds; null where it changed just now, or is not there. */
  async #readVersion(): Promise<{ readonly name: string; readonly since: number } | null> {
    const stats = await stat(join(this.#start.commonDir, 'config'), { bigint: true }).catch(() => null);
    if (stats === null) return null;
    const since = Number(stats.ctimeMs) + clockGrainMs;
    if (Date.now() < since) return null;
    const name = `${String(stats.ino)}:${String(stats.size)}:${String(stats.mtimeNs)}:${String(stats.ctimeNs)}`;
    return { name, since };
  }
}

function isOwn({ scope }: Setting): boolean {
  return scope === 'local' || scope === 'worktree';
}

/** Whether the repository's settings also stand in other files than its common one. */
function isElsewhere(setting: Setting): boolean {
  return isOwn(setting) && /^(?:include\.|includeif\.|extensions\.worktreeconfig$)/.test(setting.name);
}

function isPartialClone(settings: readonly Setting[]): boolean {
  return settings.some(({ name }) => /^remote\..+\.promisor$|^extensions\.partialclone$/s.test(name));
}

function listValues(settings: readonly Setting[]): string {
  return settings.map(({ value }) => value).join('\0');
}
