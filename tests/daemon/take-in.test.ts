import { expect, it } from 'vitest';
import { emptyBoard } from '../../src/core/step.ts';
import { Intake } from '../../src/daemon/take-in.ts';
import { success } from '../../src/domain/result.ts';
import type { BoardFiles } from '../../src/ports.ts';
import { fileIn, id, identity } from '../core/scene.ts';

it('a file is taken in once nothing more is written of an earlier task of its id, which would count as its own', async () => {
  const files = {
    readInbox: () => Promise.resolve(success({ text: '# Another task' })),
    acceptInbox: () => Promise.resolve({ kind: 'accepted', file: fileIn('queued', 'a'), grant: null }),
  } as unknown as BoardFiles;
  const busy = new Set([id('a')]);
  const intake = new Intake(files, () => emptyBoard, { isBusy: (task) => busy.has(task) });
  const takeIn = () => intake.takeIn('inbox/a.md', identity());
  expect(await takeIn()).toMatchObject({ outcome: { kind: 'changed' } });
  busy.clear();
  expect(await takeIn()).toMatchObject({ outcome: { kind: 'accepted' } });
});
