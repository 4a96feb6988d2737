import { expect, test } from 'vitest';
import { addCommand } from '../../src/cli/commands/add.ts';
import { cancelCommand } from '../../src/cli/commands/cancel.ts';
import { demoCommand } from '../../src/cli/commands/demo.ts';
import { diffCommand } from '../../src/cli/commands/diff.ts';
import { doctorCommand } from '../../src/cli/commands/doctor.ts';
import { graphCommand } from '../../src/cli/commands/graph.ts';
import { initCommand } from '../../src/cli/commands/init.ts';
import { logsCommand } from '../../src/cli/commands/logs.ts';
import { pauseCommand, resumeCommand } from '../../src/cli/commands/pause.ts';
import { retryCommand } from '../../src/cli/commands/retry.ts';
import { showCommand } from '../../src/cli/commands/show.ts';
import { startCommand } from '../../src/cli/commands/start.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { stopCommand } from '../../src/cli/commands/stop.ts';
import { trustCommand } from '../../src/cli/commands/trust.ts';

const verbs = {
  init: initCommand,
  start: startCommand,
  add: addCommand,
  status: statusCommand,
  show: showCommand,
  logs: logsCommand,
  retry: retryCommand,
  cancel: cancelCommand,
  pause: pauseCommand,
  resume: resumeCommand,
  stop: stopCommand,
  diff: diffCommand,
  graph: graphCommand,
  trust: trustCommand,
  doctor: doctorCommand,
  demo: demoCommand,
};

test.each(Object.entries(verbs))('%s says in its help what it does', (name, verb) => {
  const command = verb(() => undefined);
  expect(command.name()).toBe(name);
  expect(command.description()).not.toBe('');
  for (const option of command.options) expect([option.flags, option.description]).not.toEqual([option.flags, '']);
});

test.each(['status', 'show', 'graph', 'doctor'] as const)('%s gives its data as JSON, too', (name) => {
  expect(verbs[name](() => undefined).options.map(({ long }) => long)).toContain('--json');
});
