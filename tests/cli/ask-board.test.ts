/** Which verbs an agent may call. */
import { afterEach, expect, test, vi } from 'vitest';
import { layOut } from '../../src/adapters/files/layout.ts';
import { askAndPrint } from '../../src/cli/ask-board.ts';
import { taskId } from '../adapters/files/scratch.ts';

afterEach(() => vi.unstubAllEnvs());

test('a process that carries the mark of a run is refused what only the user decides, before anything is asked', async () => {
  vi.stubEnv('BRANCHBOARD_RUN', 'other/1');
  const place = { topLevel: '/nowhere', layout: layOut('/nowhere/.orchestrator') };
  await expect(askAndPrint({}, place, { kind: 'finish', task: taskId('a') })).rejects.toThrow('only its user decides');
});
