/** What is published of a board. */
import { expect, it } from 'vitest';
import { emptyBoard } from '../../src/core/step.ts';
import { Publisher } from '../../src/daemon/publisher.ts';
import type { Ports } from '../../src/daemon/perform.ts';

it('a dashboard that is composed again for an editor that saved is the same text, however late', async () => {
  let now = 0;
  const composed: ((current: string | null) => string)[] = [];
  const ports = {
    clock: { now: () => now, day: () => '2026-11-27', timeOfDay: (at: number) => `00:00:0${String(at)}` },
    dashboard: {
      update: (compose: (current: string | null) => string) => Promise.resolve(void composed.push(compose)),
    },
    files: { writeBoardData: () => Promise.resolve() },
    ...{ repo: '/repo', pid: 1, disk: {}, redact: (text: string) => text },
  } as unknown as Ports;
  const scan = { commands: [] } as unknown as NonNullable<typeof emptyBoard.scan>;
  const publisher = new Publisher(
    ports,
    () => ({ ...emptyBoard, scan }),
    () => undefined,
  );
  await publisher.publishLast('stopped');
  const [compose] = composed;
  const first = compose?.(null);
  now = 9;
  expect(compose?.(null)).toBe(first);
  expect(first).toContain('updated');
});
