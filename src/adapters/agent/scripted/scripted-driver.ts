/**
 * The built-in agent for the demo and for tests: a program of this package that follows a script in the task and calls
 * no model. It is launched, followed and ended like any agent; `scripted-main.ts` lists its verbs.
 */
import path from 'node:path';
import { notesFolderOf } from '../../machine/note-script.ts';
import { builtProgram } from '../../machine/package-files.ts';
import { ClaudeStream } from '../claude/claude-driver.ts';
import type { AgentDriver } from '../driver/agent-driver.ts';
import { interruptedText } from './scripted-stream.ts';

const mainPath = builtProgram('adapters/agent/scripted/scripted-main');

/** It prints what Claude Code would print, but no service and no limit can end it. */
export const scriptedDriver: AgentDriver = {
  call: ({ request: { plan }, folder }) => {
    const { mode, id } = plan.session;
    return Promise.resolve({
      program: process.execPath,
      args: [mainPath, mode, id, notesFolderOf(path.dirname(folder)), plan.purpose],
    });
  },
  talk: () => null,
  openStream: (session, askedMode) => new ClaudeStream(session, askedMode),
  explainEnd: ({ view: { result } }) => {
    const isWhole = result !== null && result.text !== interruptedText;
    return isWhole ? { kind: 'ended' } : { kind: 'broken-off', service: null };
  },
};
