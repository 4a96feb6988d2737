/** `open`: opens a task's worktree in the user's editor; the board makes one again that is gone. */
import { execa } from 'execa';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { isFolder } from '../../adapters/machine/file-presence.ts';
import type { Settings } from '../../domain/settings.ts';
import { formatCommand, type Argv } from '../../domain/task.ts';
import { findOwnRun } from '../../domain/task-facts.ts';
import { parseArgv } from '../../markdown/argv.ts';
import { refuseAgents } from '../asked-rights.ts';
import { askAndPrint } from '../ask-board.ts';
import { findUntrusted, requireTrust } from '../ask-trust.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { openPlace, type GlobalOptions } from '../place.ts';
import { findTask } from '../task-files.ts';
import type { Verb } from '../verb.ts';

/** The verb `open`. */
export const openCommand: Verb = (command) =>
  command
    .addHelpText(
      'after',
      '\nThe editor is `open_with` in config.yaml or local.yaml; without it $VISUAL, $EDITOR, or code.\nA finished task has a worktree until it is merged or put away and `keep` is over.',
    )
    .action(async (text: string, options: GlobalOptions) => {
      refuseAgents();
      const place = await openPlace(options);
      const { id } = await findTask(place, text);
      const settings = await requireSettings(place);
      await requireTrust(place, await findUntrusted(place, settings));
      const { argv, namedBy } = chooseEditor(settings);
      const findWorktree = async () => findOwnRun(await readTaskFacts(place.layout, id))?.plan.workspace.path;
      let path = await findWorktree();
      if (path === undefined || !(await isFolder(path))) {
        await askAndPrint(options, place, { kind: 'open', task: id });
        path = await findWorktree();
      }
      if (path === undefined || !(await isFolder(path))) {
        throw new CliError(exitCodes.usage, `${id} has no worktree yet`, `Once it has: branchboard open ${id}`);
      }
      await edit([...argv, path], namedBy, place.topLevel);
    });

/** The editor with its options, and what named it. Throws CliError where a variable holds no command. */
function chooseEditor({ openWith }: Settings): { readonly argv: Argv; readonly namedBy: string } {
  if (openWith !== null) return { argv: openWith, namedBy: 'open_with' };
  for (const name of ['VISUAL', 'EDITOR']) {
    const value = process.env[name] ?? '';
    if (value.trim() === '') continue;
    const argv = parseArgv(value);
    if (argv.ok) return { argv: argv.value, namedBy: `$${name}` };
    throw new CliError(exitCodes.usage, `$${name} ${argv.failure}`, 'Or name the editor: open_with in config.yaml');
  }
  return { argv: ['code'], namedBy: 'the default of open_with' };
}

/** Waits for an editor in the terminal; one with windows of its own comes back at once. */
async function edit([program, ...args]: Argv, namedBy: string, cwd: string): Promise<void> {
  const result = await execa(program, args, { cwd, stdio: 'inherit', reject: false });
  if (!result.failed) return;
  const why = result.exitCode === undefined ? result.shortMessage : `it ended with ${String(result.exitCode)}`;
  throw new CliError(
    exitCodes.usage,
    `${formatCommand([program])}, by ${namedBy}, did not open it: ${why}`,
    `The worktree is ${formatCommand([args.at(-1) ?? ''])}. Another editor: open_with in .orchestrator/local.yaml`,
  );
}
