/** Joins a daemon to the simulated world. */
import type { DaemonOptions } from '../../src/daemon/daemon.ts';
import { makeAgentRunner } from './agents.ts';
import { makeBoardFiles } from './board-files.ts';
import type { Call } from './calls.ts';
import {
  makeClock,
  makeCommands,
  makeDashboard,
  makeDisk,
  makeHints,
  makeJournal,
  makeNotes,
  makePulls,
  makeRoles,
  makeSettingsFile,
  makeWorktrees,
} from './ports.ts';
import type { Life, World } from './world.ts';

/** How a daemon is run. */
export interface DaemonWays {
  readonly sweepEveryMs: number;
  /** Whether it prints its dashboard. */
  readonly isPrinted: boolean;
  readonly untilIdle: boolean;
}

/** The parts of the daemon that lives `life`, whose calls go by `call`. */
export function composeDaemon(world: World, life: Life, call: Call, ways: DaemonWays): DaemonOptions {
  return {
    ports: {
      clock: makeClock(world, life, ways.sweepEveryMs),
      files: makeBoardFiles(world, call),
      dashboard: makeDashboard(world, call, ways.isPrinted),
      worktrees: makeWorktrees(world, call),
      pulls: makePulls(world, call),
      commands: makeCommands(world, call),
      disk: makeDisk(world, call),
      journal: makeJournal(world, call),
      notes: makeNotes(world, call),
      roles: makeRoles(call),
      redact: (text) => text,
      boardDir: '/repo/.orchestrator',
      repo: '/repo',
      pid: life.number,
      answer: (id, answer) => world.noteAnswer(id, answer),
      breakOff: () => undefined,
    },
    makeAgents: (listener) => makeAgentRunner(world, life, call, listener),
    hints: makeHints(world, life),
    settingsFile: makeSettingsFile(world, call),
    untilIdle: ways.untilIdle,
    sandbox: Promise.resolve(world.sandbox),
    onHistory: () => Promise.resolve(),
    onBoard: (board) => {
      if (life.alive) world.checkBoard(board);
    },
  };
}
