import { expect, it } from 'vitest';
import { Mailbox } from '../../src/daemon/mailbox.ts';
import { limits } from '../../src/domain/limits.ts';

it('hands messages over in their order, soon but never in the middle of a post', async () => {
  const batches: (readonly number[])[] = [];
  const mailbox = new Mailbox<number>((messages) => {
    batches.push(messages);
    if (messages.includes(1)) mailbox.post(3);
  });
  mailbox.post(1);
  mailbox.post(2);
  expect(batches).toEqual([]);
  await Promise.resolve();
  await Promise.resolve();
  expect(batches).toEqual([[1, 2], [3]]);
});

it('refuses what goes beyond its bound', () => {
  const mailbox = new Mailbox<number>(() => undefined);
  for (let count = 0; count < limits.maxMailboxEvents; count++) mailbox.post(count);
  expect(() => mailbox.post(0)).toThrow('the mailbox is full');
});
