/** The composition root: the only place that joins the adapters to the daemon. */
import { join, resolve } from 'node:path';
import { markOwnCommands } from '../adapters/machine/leftovers.ts';
import { createAgentRunner } from '../adapters/agent/runner.ts';
import { createClock } from '../adapters/machine/clock.ts';
import { createCommandRunner } from '../adapters/sandbox/command-runner.ts';
import { createDisk } from '../adapters/machine/disk.ts';
import { createBoardFiles } from '../adapters/files/board-files.ts';
import { createDashboardFile } from '../adapters/dashboard/dashboard-file.ts';
import { createOnlookerGuard, createParseGuard } from '../adapters/files/parse-guard.ts';
import { createLocalSettings, joinSettings } from '../adapters/files/local-settings.ts';
import { createSettingsFile } from '../adapters/files/settings-source.ts';
import { findExcludesFile } from '../adapters/git/excludes-file.ts';
import { createGit } from '../adapters/git/git.ts';
import { findTracking } from '../adapters/git/tracking.ts';
import { createWorktrees } from '../adapters/git/worktree/worktrees.ts';
import { createJournal } from '../adapters/files/journal.ts';
import { notify } from '../adapters/machine/notifier.ts';
import { guardSpawns } from '../adapters/machine/spawn-guard.ts';
import { createRoles, shippedRolesDir, type RoleTemplates } from '../adapters/files/roles.ts';
import { trustRoles, trustSettings } from '../adapters/trust/gates.ts';
import { createTrustStore } from '../adapters/trust/store.ts';
import { createTrackedFiles, refuseTracked, type ListTracked } from '../adapters/trust/tracked.ts';
import { createTrust, type Trust } from '../adapters/trust/trusted-claims.ts';
import { createChangeHints } from '../adapters/files/change-hints.ts';
import { claimsOfSettings } from '../core/judge-claims.ts';
import { Daemon } from '../daemon/daemon.ts';
import { readBoard } from '../daemon/snapshot.ts';
import type { Board } from '../domain/board.ts';
import { formatDiagnostic } from '../domain/diagnostic.ts';
import type { HistoryEntry } from '../domain/history.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';
import type { ParseGuard, SettingsFile } from '../ports.ts';
import { countChanges } from '../markdown/line-merge.ts';
import { parseRoleFile } from '../markdown/role-file.ts';
import { parseLocalSettings, parseSettings } from '../markdown/settings-file.ts';
import * as userZones from '../markdown/user-zones.ts';
import { claimsOfFile, claimsOfFoundRole } from './file-claims.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { recallSandbox } from './last-sandbox.ts';
import type { Place } from './place.ts';
import { redactFor } from './output-redaction.ts';

/** The settings file as it is called in messages. */
export const settingsShownAs = '.orchestrator/config.yaml';
/** The settings that the repository does not hold, likewise. */
export const localSettingsShownAs = '.orchestrator/local.yaml';

/** Who agents' commits are by where the user told git nobody. */
const standInIdentity = { name: 'branchboard', email: 'branchboard@localhost' };

/** How a daemon is to run. */
export interface DaemonChoices {
  readonly untilIdle: boolean;
  /** See {@link Sandbox}. */
  readonly sandbox: Sandbox;
  readonly onBoard?: (board: Board) => void;
  readonly onHistory?: (entry: HistoryEntry) => void;
  /** Told what the user should know and no task fails over. */
  readonly onNotice: (message: string) => void;
}

/** A daemon on this place's real files, git and agents. */
export function composeDaemon(place: Place, choices: DaemonChoices): Daemon {
  guardSpawns();
  const { layout, repository } = place;
  const clock = createClock();
  const guard = createParseGuard(layout);
  const trust = composeTrust(place);
  const redact = redactFor(() => daemon.board.settings);
  const onNotice = (message: string) => choices.onNotice(redact(message));
  const breakOff = new AbortController();
  const commands = createCommandRunner({
    boardDir: layout.root,
    environment: process.env,
    settings: () => daemon.board.settings,
    sandbox: choices.sandbox,
    signal: breakOff.signal,
    clock,
  });
  const daemon: Daemon = new Daemon({
    ports: {
      clock,
      files: refuseTracked(createBoardFiles(layout, clock), composeTracked(place)),
      guard,
      dashboard: composeDashboard(place),
      worktrees: createWorktrees({
        repository,
        boardDir: layout.root,
        settings: () => daemon.board.settings,
        readTrusted: (commit) => trust.trustedProject(commit),
        runCommand: commands,
        signal: breakOff.signal,
        env: markOwnCommands(process.env, layout.root),
        notice: onNotice,
      }),
      commands,
      disk: createDisk(() => [layout.root, worktreesOf(place, daemon.board.settings), repository.commonDir]),
      journal: createJournal(layout.history, clock),
      roles: trustRoles(composeRoles(place, guard), trust, claimsOfFoundRole),
      redact,
      boardDir: layout.root,
      repo: repository.topLevel,
      pid: process.pid,
      breakOff: () => breakOff.abort(),
    },
    makeAgents: (listener, settings) =>
      createAgentRunner({
        boardDir: layout.root,
        settings,
        listener,
        clock,
        environment: process.env,
        sandbox: choices.sandbox,
        commonDir: repository.commonDir,
        excludesFile: () => findExcludesFile(repository, process.env),
        identity: () => Promise.resolve(repository.hasIdentity ? null : standInIdentity),
      }),
    hints: createChangeHints(layout, onNotice),
    settingsFile: trustSettings(composeSettings(place, guard, onNotice), settingsShownAs, trust, claimsOfSettings),
    untilIdle: choices.untilIdle,
    sandbox: choices.sandbox,
    ...(choices.onBoard === undefined ? {} : { onBoard: choices.onBoard }),
    onHistory: (entry) => {
      choices.onHistory?.(entry);
      void notify(daemon.board.settings.notify, entry, repository.topLevel, onNotice);
    },
  });
  return daemon;
}

/** The board as its folder tells, for commands; nothing is changed and nothing is started. */
export async function readBoardOf(place: Place): Promise<Board> {
  const clock = createClock();
  const settings = await readSettingsOf(place);
  const files = createBoardFiles(place.layout, clock);
  const journal = createJournal(place.layout.history, clock);
  const known = settings ?? defaultSettings;
  const redact = redactFor(() => known);
  const ports = { clock, files, guard: createOnlookerGuard(place.layout), journal, redact };
  return readBoard(ports, known, await recallSandbox(place, known));
}

/** The settings as they are; null where the file is wrong. */
export async function readSettingsOf(place: Place): Promise<Settings | null> {
  return (await composeSettings(place, createOnlookerGuard(place.layout)).readIfChanged())?.settings ?? null;
}

/**
 * The settings as they are, for what prints texts that may hold the secrets in them; throws CliError where the file is
 * wrong, since those are not known then.
 */
export async function requireSettings(place: Place): Promise<Settings> {
  const read = await composeSettings(place, createOnlookerGuard(place.layout)).readIfChanged();
  if (read === null || read.settings !== null) return read?.settings ?? defaultSettings;
  throw new CliError(exitCodes.usage, read.problems.map(formatDiagnostic).join('\n'), 'Mend it and try again.');
}

/**
 * The settings of a place, those that its repository does not hold among them. Where `onNotice` is there, other users are
 * kept from reading those, and it is told so.
 */
export function composeSettings(
  place: Place,
  guard: ParseGuard,
  onNotice: ((message: string) => void) | null = null,
): SettingsFile {
  const { layout, repository } = place;
  const local = createLocalSettings({
    path: layout.localSettings,
    shownAs: localSettingsShownAs,
    guard,
    parse: (text) => parseLocalSettings(text, localSettingsShownAs),
    isTracked: async () => (await findTracking(repository.topLevel, localSettingsShownAs)) === 'tracked',
    onNotice,
  });
  return joinSettings(composeConfig(place, guard), local);
}

/** The settings that a place's repository may hold. */
export function composeConfig({ layout }: Place, guard: ParseGuard): SettingsFile {
  return createSettingsFile(layout.settings, settingsShownAs, guard, (text) => parseSettings(text, settingsShownAs));
}

/** Which commands and rights of a place's files count. */
export function composeTrust(place: Place): Trust {
  const { repository } = place;
  return createTrust({
    repository,
    git: composeGit(place),
    store: createTrustStore(process.env),
    readClaims: claimsOfFile,
  });
}

/** Which files of a place's board came with the repository. */
export function composeTracked(place: Place): ListTracked {
  return createTrackedFiles(composeGit(place), place.repository);
}

function composeGit({ layout, repository }: Place) {
  return createGit(repository.topLevel, { env: markOwnCommands(process.env, layout.root) });
}

/** The roles that tasks of a place may name, whether or not they are trusted. */
export function composeRoles({ layout, repository }: Place, guard: ParseGuard): RoleTemplates {
  const dirs = {
    shippedDir: shippedRolesDir,
    overridesDir: layout.templates,
    claudeAgentsDir: join(repository.topLevel, '.claude', 'agents'),
  };
  return createRoles(dirs, guard, parseRoleFile);
}

function worktreesOf({ layout, repository }: Place, { worktrees }: Settings): string {
  return worktrees.dir === null ? layout.worktrees : resolve(repository.topLevel, worktrees.dir);
}

function composeDashboard({ layout }: Place) {
  return createDashboardFile({ path: layout.dashboard, zones: { ...userZones, countChanges } });
}
