/** Joins the daemon with its real files, git and agents. */
import { readdirSync } from 'node:fs';
import { markOwnCommands } from '../adapters/machine/leftovers.ts';
import { createAgentRunner } from '../adapters/agent/runner.ts';
import { createClock } from '../adapters/machine/clock.ts';
import { trySandbox } from '../adapters/sandbox/sandbox-probe.ts';
import { createCommandRunner } from '../adapters/sandbox/command-runner.ts';
import { createDisk } from '../adapters/machine/disk.ts';
import { createBoardFiles } from '../adapters/files/board-files.ts';
import { findExcludesFile } from '../adapters/git/excludes-file.ts';
import { createGit } from '../adapters/git/git.ts';
import { createPullRequests } from '../adapters/git/pull-requests.ts';
import { createWorktrees } from '../adapters/git/worktree/worktrees.ts';
import { createNotes } from '../adapters/files/note-files.ts';
import { createJournal } from '../adapters/files/journal.ts';
import { Notifier } from '../adapters/machine/notifier.ts';
import { trustRoles, trustSettings } from '../adapters/trust/gates.ts';
import { refuseTracked } from '../adapters/trust/tracked.ts';
import { createChangeHints } from '../adapters/files/change-hints.ts';
import { claimsOfSettings } from '../core/judge-claims.ts';
import { isIdle } from '../core/schedule.ts';
import { Daemon } from '../daemon/daemon.ts';
import { runErrand } from '../daemon/errand.ts';
import type { Board } from '../domain/board.ts';
import type { CommandAnswer, CommandId, CommandRequest } from '../domain/command.ts';
import type { HistoryEntry } from '../domain/history.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';
import type { RunListener } from '../ports.ts';
import { claimsOfFoundRole } from './file-claims.ts';
import { composeDashboard, layDownTicks } from './compose-dashboard.ts';
import { recallSandbox } from './last-sandbox.ts';
import { folderOfWorktrees, type OpenPlace } from './place.ts';
import { redactFor } from './output-redaction.ts';
import { composeSettings, readSettingsOf, settingsShownAs } from './compose-reader.ts';
import { composeRoles } from './compose-roles.ts';
import { composeTracked, composeTrust } from './compose-trust.ts';

/** The author of agents' commits where git knows no name of the user's. */
const standInIdentity = { name: 'branchboard', email: 'branchboard@localhost' };

/** Options of a daemon. */
export interface DaemonChoices {
  /** The number of boards that crashed lately before this one. */
  readonly crashes: number;
  readonly untilIdle: boolean;
  /** See {@link Sandbox}. */
  readonly sandbox: Promise<Sandbox>;
  /** Told of each command that is settled. */
  readonly onAnswer: (id: CommandId, answer: CommandAnswer) => void;
  readonly onBoard?: (board: Board) => void;
  readonly onHistory?: (entry: HistoryEntry) => void;
  /** Told what the user should know and no task fails over. */
  readonly onNotice: (message: string) => void;
}

/** A daemon on this place's real files, git and agents. */
export function composeDaemon(place: OpenPlace, choices: DaemonChoices): Daemon {
  const { repository } = place;
  const parts = composeParts(place, () => daemon.board.settings, choices);
  const onNotice = parts.onNotice;
  const notifier = new Notifier({
    notify: () => daemon.board.settings.notify,
    topLevel: repository.topLevel,
    clock: parts.ports.clock,
    onTrouble: onNotice,
  });
  const daemon: Daemon = new Daemon({
    ...parts,
    ports: { ...parts.ports, answer: choices.onAnswer },
    hints: createChangeHints(place.layout, onNotice),
    untilIdle: choices.untilIdle,
    sandbox: choices.sandbox,
    onBoard: (board) => {
      choices.onBoard?.(board);
      notifier.hearIdle(() => isIdle(board, parts.ports.clock.now()));
    },
    onHistory: async (entry) => {
      choices.onHistory?.(entry);
      // The first crash is reported here; after more of them the supervisor reports that it gives up.
      if (entry.type !== 'board-stopped' || choices.crashes === 0) notifier.hear(entry);
      if (entry.type === 'board-stopped') await notifier.flush();
    },
  });
  return daemon;
}

/** Carries out one command, whose fact is on disk, where no daemon runs; the lock must be held. */
export async function runErrandOf(
  place: OpenPlace,
  request: CommandRequest,
  onNotice: (message: string) => void,
): Promise<CommandAnswer> {
  let settings: Settings = defaultSettings;
  // It is tried where something may have to be confined: the checks of what is merged or restacked, of what is handed back,
  // the setup of a worktree, and the checks of a run that ended while no board looked.
  const isConfined = ['merge', 'restack', 'open', 'take', 'hand-back'].includes(request.command.kind);
  const mayRun = isConfined || readdirSync(place.layout.column('active')).length > 0;
  const mode = (await readSettingsOf(place))?.sandbox.mode ?? 'auto';
  const tried = mayRun ? await trySandbox(mode, process.env['PATH'] ?? '') : null;
  const sandbox = Promise.resolve(tried ?? ({ kind: 'off' } as const));
  const parts = composeParts(place, () => settings, { sandbox, onNotice });
  settings = (await parts.settingsFile.readIfChanged())?.settings ?? defaultSettings;
  const knownSandbox = tried ?? (await recallSandbox(place, settings));
  return runErrand({ ...parts, settings, sandbox, knownSandbox, request });
}

/** The outside of a board: what a daemon, an errand and a preview have in common. */
export function composeParts(
  place: OpenPlace,
  settings: () => Settings,
  choices: Pick<DaemonChoices, 'sandbox' | 'onNotice'>,
) {
  const { layout, repository } = place;
  const clock = createClock();
  const trust = composeTrust(place);
  const redact = redactFor(settings);
  const onNotice = (message: string) => choices.onNotice(redact(message));
  const breakOff = new AbortController();
  const commands = createCommandRunner({
    boardDir: layout.root,
    environment: process.env,
    settings,
    sandbox: choices.sandbox,
    signal: breakOff.signal,
    clock,
  });
  return {
    onNotice,
    ports: {
      clock,
      files: refuseTracked(createBoardFiles(layout, clock), composeTracked(place)),
      dashboard: composeDashboard(place, (ticks) => layDownTicks(place, clock, ticks)),
      worktrees: createWorktrees({
        repository,
        boardDir: layout.root,
        settings,
        readTrusted: (commit) => trust.trustedProject(commit),
        runCommand: commands,
        signal: breakOff.signal,
        env: markOwnCommands(process.env, layout.root),
        notice: onNotice,
      }),
      pulls: createPullRequests({
        git: createGit(repository.topLevel, { repository, notice: onNotice }),
        env: process.env,
        signal: breakOff.signal,
      }),
      commands,
      disk: createDisk(() => [layout.root, folderOfWorktrees(place, settings()).path, repository.commonDir]),
      journal: createJournal(layout.history, clock),
      notes: createNotes(layout),
      roles: trustRoles(composeRoles(place), trust, claimsOfFoundRole),
      redact,
      boardDir: layout.root,
      repo: repository.topLevel,
      pid: process.pid,
      breakOff: () => breakOff.abort(),
    },
    makeAgents: (listener: RunListener, settingsOf: () => Settings) =>
      createAgentRunner({
        boardDir: layout.root,
        settings: settingsOf,
        listener,
        clock,
        environment: process.env,
        sandbox: choices.sandbox,
        commonDir: repository.commonDir,
        excludesFile: () => findExcludesFile(repository, process.env),
        identity: () => Promise.resolve(repository.hasIdentity ? null : standInIdentity),
      }),
    settingsFile: trustSettings(composeSettings(place, onNotice), settingsShownAs, trust, claimsOfSettings),
  };
}
