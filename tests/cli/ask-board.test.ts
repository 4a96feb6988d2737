/** Which verbs an agent may call. */
import { afterEach, expect, test, vi } from 'vitest';
import { layOut } from '../../src/adapters/files/layout.ts';
import { askAndPrint } from '../../src/cli/ask-board.ts';
import { commandRights, type Command } from '../../src/domain/command.ts';
import { taskId } from '../adapters/files/scratch.ts';

afterEach(() => vi.unstubAllEnvs());

const task = taskId('a');
const commit = 'c'.repeat(40);
/** Each kind that is the user's alone. */
const decisions: readonly Command[] = [
  ...(['finish', 'open', 'take', 'hand-back'] as const).map((kind) => ({ kind, task })),
  ...(['restack', 'discard'] as const).map((kind) => ({ kind, task, commit })),
  ...(['tell', 'note'] as const).map((kind) => ({ kind, task, text: 'x' })),
  { kind: 'accept', task, only: [], without: [], said: [] },
  { kind: 'answer', task, question: null, text: 'x' },
  { kind: 'choose', task, question: null, option: 1 },
  { kind: 'send-back', task, commit, text: 'x' },
  { kind: 'pr', task, commit, whatRuns: true },
  { kind: 'merge', task, commit, target: null, way: 'merge', whatRuns: true },
];

test('what a run or its commands may ask for stops, starts and orders tasks; all else is the user’s alone', () => {
  const kinds = Object.entries(commandRights);
  expect(kinds.flatMap(([kind, right]) => (right === 'decide' ? [kind] : [])).sort()).toEqual(
    decisions.map(({ kind }) => kind).sort(),
  );
});

test.each(decisions)(
  'a process that carries the mark of a run is refused $kind before anything is asked',
  async (command) => {
    vi.stubEnv('BRANCHBOARD_RUN', 'other/1');
    const place = { topLevel: '/nowhere', layout: layOut('/nowhere/.orchestrator') };
    await expect(askAndPrint({}, place, command)).rejects.toThrow('only its user decides');
  },
);
