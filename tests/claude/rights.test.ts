import { describe, expect, test } from 'vitest';

import { withBoard } from './board.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { bash, castParts, commit, finish, inTurns, write } from './task-script.ts';

const files = { 'make.mjs': `import { writeFileSync } from 'node:fs';\nwriteFileSync('made.txt', 'made\\n');\n` };

describe.concurrent('a file that asks for a tool', { timeout: boardTestTimeoutMs }, () => {
  test('starts no agent until it is granted, and the agent then has that tool and no other', async () => {
    const part = inTurns(
      bash('node make.mjs'),
      bash('node --eval "1"'),
      write('t.txt', 't\n'),
      commit('add t'),
      finish('Made it.'),
    );
    const script = castParts({ t: part, u: part });
    // Inside a sandbox every command would run.
    await withBoard({ script, files, config: 'sandbox: off' }, async (board) => {
      board.drop({ t: '---\nallowed_tools: ["Bash(node make.mjs)"]\n---\nMake it.\n' });
      expect((await board.runUntilIdle()).code).toBe(3);
      expect(board.api.requests).toEqual([]);
      expect(board.task('t')).toMatchObject({ column: 'queued', asksFor: ['allowed_tools Bash(node make.mjs)'] });
      expect((await board.cli('grant', 't')).code).toBe(0);
      // A task that asks for nothing has nothing of another's grant.
      board.drop({ u: 'Make it, too.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      const made = (id: string): readonly string[] =>
        board.git('ls-tree', '--name-only', `task/${id}`).split('\n').sort();
      expect(made('t')).toEqual(['README.md', 'made.txt', 'make.mjs', 't.txt']);
      expect(made('u')).toEqual(['README.md', 'make.mjs', 't.txt']);
      expect(board.record('t', 1).exit.view.denials.map(({ tool }) => tool)).toEqual(['Bash']);
    });
  });
});

describe.concurrent('a file that asks for less', { timeout: boardTestTimeoutMs }, () => {
  test('has less at once, and no way out of it', async () => {
    const part = inTurns(
      () => ({ tools: [{ name: 'ExitPlanMode', input: { plan: 'Write it.' } }] }),
      write('t.txt', 't\n'),
      commit('add t'),
      finish('Planned it.'),
    );
    await withBoard({ script: castParts({ t: part }), config: 'retries: 0' }, async (board) => {
      board.drop({ t: '---\npermission_mode: plan\n---\nPlan it.\n' });
      expect((await board.runUntilIdle()).code).toBe(3);
      const init = board.stream('t', 1).find(({ subtype }) => subtype === 'init');
      expect(init).toMatchObject({ permissionMode: 'plan' });
      expect(board.record('t', 1).evidence?.commits ?? 0).toBe(0);
    });
  });
});
