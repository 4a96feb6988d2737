/** `roles`: the roles that a task may name, and what each is told; with a task, the prompt that it would get. */
import { relative } from 'node:path';
import type { Role } from '../../domain/role.ts';
import { stripHidden } from '../../domain/visible-text.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { isReader } from '../../prompt/permissions.ts';
import { PortError } from '../../ports.ts';
import { composeRoles } from '../compose-roles.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, openPlace, type GlobalOptions, type Place } from '../place.ts';
import { print, printJson, type Verb } from '../verb.ts';

type Options = GlobalOptions & { readonly json?: boolean; readonly task?: string };

const sources: Readonly<Record<Role['source'], string>> = {
  override: 'yours',
  'claude-agent': 'of Claude Code',
  shipped: 'comes with branchboard',
};

/** The verb `roles`. */
export const rolesCommand: Verb = (command) =>
  command
    .option('--task <id>', 'print the prompt that this task would get in the role, and start nothing')
    .option('--json', 'as data')
    .addHelpText(
      'after',
      `
Examples:
  branchboard roles                             all roles, and where each comes from
  branchboard roles show tester                 what the role is told
  branchboard roles show tester --task add-auth the whole prompt
A role of your own is .orchestrator/templates/NAME.md; it goes before one of .claude/agents/ and of branchboard.`,
    )
    .action(async (action: string | undefined, name: string | undefined, options: Options) => {
      if (action === undefined) return printAll(await findPlace(options), options.json === true);
      if (action !== 'show' || name === undefined) {
        const known = 'Type: branchboard roles, or: branchboard roles show NAME';
        throw new CliError(exitCodes.usage, 'roles takes no argument, or show and the name of a role', known);
      }
      const place = await openPlace(options);
      const role = await find(place, name);
      if (options.task === undefined) {
        if (options.json === true) printJson({ version: 1, ...role });
        else for (const line of describe(role)) print(line);
        return;
      }
      const { previewPrompt } = await import('../preview-prompt.ts');
      const prompt = await previewPrompt(place, role, options.task);
      if (options.json === true) printJson({ version: 1, role: role.name, prompt });
      else process.stdout.write(prompt);
    });

async function printAll(place: Place, asJson: boolean): Promise<void> {
  const roles = composeRoles(place);
  const listed = await roles.listRoles();
  const read = await Promise.all(
    listed.map(async ({ name, source, path }) => {
      const role = await roles.find(name).catch((error: unknown) => {
        if (error instanceof PortError) return null;
        throw error;
      });
      const shownPath = source === 'shipped' ? path : relative(place.topLevel, path);
      return {
        name,
        source,
        path: shownPath,
        readsOnly: role && isReader(role),
        description: role?.description ?? null,
      };
    }),
  );
  if (asJson) {
    printJson({ version: 1, roles: read });
    return;
  }
  const width = Math.max(...read.map(({ name }) => name.length));
  for (const { name, source, path, description } of read) {
    const from = source === 'shipped' ? '' : `  (${sources[source]}: ${path})`;
    const text = description === null ? `can't be read. Type: branchboard roles show ${name}` : cleanLine(description);
    print(`${name.padEnd(width)}  ${text}${from}`);
  }
}

async function find(place: Place, name: string): Promise<Role> {
  try {
    return await composeRoles(place).find(name);
  } catch (error) {
    throw error instanceof PortError ? new CliError(exitCodes.usage, error.message) : error;
  }
}

function describe(role: Role): readonly string[] {
  const { model, tools, runner, description } = role;
  return [
    `${role.name} (${sources[role.source]})${description === '' ? '' : `: ${cleanLine(description)}`}`,
    isReader(role) ? 'It only reads; its work is a report.' : 'It writes; its work is commits on a branch.',
    ...(tools === null ? [] : [`Tools: ${tools.map((tool) => cleanLine(tool)).join(', ')}`]),
    ...(model === null ? [] : [`Model: ${cleanLine(model)}`]),
    ...(runner === null ? [] : [`Runner: ${runner}`]),
    '',
    stripHidden(role.instructions).trim(),
  ];
}
