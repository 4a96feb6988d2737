import { Command } from 'commander';
import { expect, test } from 'vitest';
import { verbs, type KnownVerb } from '../../src/cli/verbs.ts';

async function load(known: KnownVerb): Promise<Command> {
  const command = new Command().command(known.usage);
  (await known.load())(command, () => undefined);
  return command;
}

test.each(verbs)('$usage says in its help what it does', async (known) => {
  expect(known.description).not.toBe('');
  for (const option of (await load(known)).options)
    expect([option.flags, option.description]).not.toEqual([option.flags, '']);
});

test.each(['status', 'show <id>', 'graph', 'stats', 'doctor'])('%s gives its data as JSON, too', async (usage) => {
  const [known] = verbs.filter((each) => each.usage === usage);
  expect(known && (await load(known)).options.map(({ long }) => long)).toContain('--json');
});
