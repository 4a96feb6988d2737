/** Each role of the package on the real Claude Code: it has the tools that it names, and what it is to leave is taken. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { withBoard } from './board.ts';
import { triedVersions, type ToolCall } from './messages-api.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { bash, castParts, commit, finish, inTurns, report, type Ask, type Part } from './task-script.ts';

const readers = ['backend-reviewer', 'frontend-reviewer', 'pattern-critique', 'pattern-scout', 'planner'];
const thorough = ['architecture', 'backend-reviewer', 'frontend-reviewer', 'planner'];
const writers = [
  ...['architecture', 'backend-developer', 'developer', 'documentor', 'frontend-developer', 'pm', 'tester'],
];

const config = `sandbox: off
max_parallel: 4
retries: 0
fallback_model: haiku
agent: { env: { CLAUDE_CODE_MAX_RETRIES: "4" } }`;

/** Looks at the repository with all that a role has for it, and tries to write. */
function tryAll({ worktree, task }: Ask): readonly ToolCall[] {
  return [
    { name: 'Read', input: { file_path: `${worktree}/README.md` } },
    { name: 'Bash', input: { command: 'git log --oneline' } },
    { name: 'Write', input: { file_path: `${worktree}/${task}.txt`, content: 'x\n' } },
  ];
}

const says = (ask: Ask): string => `# Report of ${ask.task}\n\n\`README.md:1\` is short.`;
const writes: Part = inTurns((ask) => ({ tools: tryAll(ask) }), commit('add it'), finish('Added it.'));
const reads: Part = inTurns(
  (ask) => ({ tools: tryAll(ask) }),
  bash('git commit --allow-empty -m evil'),
  (ask) => ({ say: says(ask), tools: [report('done', 'Read it.')] }),
);

describe.each(triedVersions)('the roles on Claude Code %s', { timeout: boardTestTimeoutMs }, (version) => {
  test('each has its tools and its effort; what writes leaves commits, what reads changes nothing and reports; a model that is overloaded is stood in for', async () => {
    const parts = { ...Object.fromEntries(writers.map((role) => [role, writes])) };
    for (const role of readers) parts[role] = reads;
    parts['pm'] = (ask) => (ask.model.includes('haiku') ? writes(ask) : { status: 529 });
    await withBoard({ script: castParts(parts), version, config }, async (board) => {
      const tasks = [...writers, ...readers].map((role) => [role, `---\nagent: ${role}\n---\nDo it.\n`]);
      // It waits for a yes, so that its call can be looked at.
      const later = '---\nagent: planner\nallowed_tools: [Bash]\n---\nDo it.\n';
      board.drop({ ...(Object.fromEntries(tasks) as Record<string, string>), later });
      expect((await board.runUntilIdle()).code).toBe(3);
      expect(board.column('done')).toEqual([...writers, ...readers].sort());
      for (const role of [...writers, ...readers]) {
        const asked = board.api.requests.filter(({ text }) => text.includes(`You work alone on the task \`${role}\``));
        for (const tool of ['Read', 'Bash', 'StructuredOutput', 'mcp__branchboard-run__ask_user']) {
          expect(asked[0]?.tools, role).toContain(tool);
        }
        expect(asked[0]?.effort === 'max', role).toBe(thorough.includes(role));
      }
      for (const role of writers) expect(board.task(role)).toMatchObject({ commits: 1, branch: `task/${role}` });
      for (const role of readers) {
        expect(board.task(role)).toMatchObject({ commits: 0, branch: null, summary: 'Read it.' });
        expect(board.read('runs', role, '1', 'report.md')).toBe(`# Report of ${role}\n\n\`README.md:1\` is short.`);
        expect(board.record(role, 1).exit.view.denials.map(({ tool }) => tool)).toEqual(
          expect.arrayContaining(['Bash']),
        );
      }
      const { output: shown } = await board.cli('roles', 'show', 'planner', '--task', 'later');
      expect(shown).toMatch(/^\$ \S+\/claude -p .* --fallback-model haiku --effort max .*< prompt$/m);
      expect(shown).toContain('You work alone on the task `later` in the role `planner`.');
      mkdirSync(board.path('templates'), { recursive: true });
      writeFileSync(board.path('templates', 'odd.md'), '---\neffort: ultra\n---\nDo it.\n');
      expect((await board.cli('roles')).output).toContain(
        '.orchestrator/templates/odd.md:2:9: effort is "ultra"; expected one of low, medium, high, xhigh, max, highest',
      );
      expect(board.git('branch', '--list', 'task/*', '--format=%(refname:short)').split('\n')).toEqual(
        writers.map((role) => `task/${role}`),
      );
    });
  });
});
