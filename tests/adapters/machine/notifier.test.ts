/** News reaches the user by whichever way `notify` names, several at once as one, and one kind at most once a minute. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Notifier } from '../../../src/adapters/machine/notifier.ts';
import type { HistoryEntry } from '../../../src/domain/history.ts';
import type { Argv, TaskId } from '../../../src/domain/task.ts';

let root: string;
let now: number;
let timer: { readonly at: number; readonly wake: () => void } | null;
let troubles: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'branchboard-notifier-'));
  [now, timer, troubles] = [1_000_000, null, []];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const clock = {
  now: () => now,
  setTimer(delayMs: number, wake: () => void) {
    const mine = { at: now + delayMs, wake };
    timer = mine;
    return () => {
      if (timer === mine) timer = null;
    };
  },
};

function notifierTo(argv: Argv | null): Notifier {
  return new Notifier({ notify: () => argv, topLevel: root, clock, onTrouble: (trouble) => troubles.push(trouble) });
}

/** A command that appends a line for each notification, and what it wrote. */
function noteIn(name: string): { readonly argv: Argv; readonly read: () => string } {
  const script = 'echo "[$BRANCHBOARD_EVENT|$BRANCHBOARD_TASK|$BRANCHBOARD_DETAIL]" >> "$1"';
  const path = join(root, name);
  return { argv: ['sh', '-c', script, 'sh', path], read: () => (existsSync(path) ? readFileSync(path, 'utf8') : '') };
}

const settled = (task: string, column: 'done' | 'attention' | 'archive' = 'done'): HistoryEntry => ({
  type: 'task-settled',
  at: now,
  task: task as TaskId,
  column,
  detail: `1 file of ${task}`,
});

/** Goes to when the notifier wants to be woken, and wakes it. */
function wake(): void {
  if (timer === null) throw new Error('nothing waits');
  const due = timer;
  [now, timer] = [due.at, null];
  due.wake();
}

test('what comes together is one notification, named by the most urgent', async () => {
  const { argv, read } = noteIn('told');
  const notifier = notifierTo(argv);
  notifier.hear(settled('a'));
  notifier.hear(settled('b', 'attention'));
  notifier.hear(settled('c', 'archive'));
  notifier.hearIdle(() => true);
  notifier.hearIdle(() => true);
  await notifier.flush();
  expect(read()).toBe(
    '[attention|a b|done a: 1 file of a\nattention b: 1 file of b\nidle: the board is idle: 1 done, 1 need you]\n',
  );
  expect(troubles).toEqual([]);
});

test('one kind of news comes once a minute, another does not wait for it, and nothing is left out', async () => {
  const { argv, read } = noteIn('told');
  const notifier = notifierTo(argv);
  const begun = now;
  notifier.hear(settled('a'));
  wake();
  expect(now).toBe(begun + 2_000);
  for (const task of ['b', 'c']) notifier.hear(settled(task));
  notifier.hear(settled('d', 'attention'));
  wake();
  await vi.waitFor(() => expect(read()).toBe('[done|a|1 file of a]\n[attention|d|1 file of d]\n'));
  wake();
  expect(now).toBe(begun + 62_000);
  await vi.waitFor(() => expect(read()).toContain('[done|b c|done b: 1 file of b\ndone c: 1 file of c]\n'));
  expect(timer).toBeNull();
});

test('of a multitude so many are told, and how many more there are', async () => {
  const { argv, read } = noteIn('told');
  const notifier = notifierTo(argv);
  for (let n = 0; n < 12; n += 1) notifier.hear(settled(`t${String(n)}`));
  await notifier.flush();
  expect(read()).toContain('done t9: 1 file of t9\n… and 2 more]\n');
});

test('a URL gets it as JSON, and a refusal is told', async () => {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      response.writeHead(bodies.length === 1 ? 200 : 403).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const notifier = notifierTo([`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`]);
    for (const fault of ['first', 'second']) {
      notifier.hear({ type: 'board-stopped', at: now, fault });
      await notifier.flush();
    }
    const repository = basename(root);
    expect(bodies[0]).toEqual({
      ...{ event: 'stopped', task: '', detail: 'first' },
      ...{ repository, text: `${repository}: stopped: first` },
    });
    expect(troubles).toEqual(['notify: the URL answered with status 403']);
  } finally {
    server.close();
  }
});

test.runIf(process.platform === 'linux')('the desktop is told by a text that is no option and no script', async () => {
  const { read } = noteIn('told');
  writeFileSync(join(root, 'notify-send'), `#!/bin/sh\nprintf '%s\\n' "$@" > ${join(root, 'told')}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${root}${delimiter}${process.env['PATH'] ?? ''}`);
  try {
    const notifier = notifierTo(['desktop']);
    notifier.hear({ ...settled('a', 'attention'), detail: '--icon=x $(touch y)' } as HistoryEntry);
    await notifier.flush();
    expect(read()).toBe('--app-name=branchboard\n--\nbranchboard\nattention a: --icon=x $(touch y)\n');
  } finally {
    vi.unstubAllEnvs();
  }
});

test('a command that fails is told, and one that is not there; without the setting nothing is sent', async () => {
  for (const argv of [['sh', '-c', 'exit 3'], ['no-such-program-here'], null] as const) {
    const notifier = notifierTo(argv);
    notifier.hear({ type: 'held', at: now, reason: 'usage-limit', until: null, detail: 'x' });
    await notifier.flush();
  }
  expect(troubles).toHaveLength(2);
  expect(troubles[0]).toMatch(/^notify: Command failed with exit code 3/);
  expect(troubles[1]).toMatch(/^notify: .*ENOENT/);
});
