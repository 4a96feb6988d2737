/** `roles`: the roles that a task may name, and what each is told; with a task, the prompt that it would get. */
import { relative } from 'node:path';
import { quote } from 'shell-quote';
import { highestEffort, type Role } from '../../domain/role.ts';
import { stripHidden } from '../../domain/visible-text.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { isReader } from '../../prompt/permissions.ts';
import { PortError } from '../../ports.ts';
import { findUntrusted } from '../ask-trust.ts';
import { checkRoles } from '../check-roles.ts';
import { readSettingsOf } from '../compose-reader.ts';
import { composeRoles } from '../compose-roles.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { openPlace, type GlobalOptions, type Place } from '../place.ts';
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
    .option(
      '--task <id>',
      'print the prompt that this task would get in the role, and the call of the agent; start nothing',
    )
    .option('--json', 'as data')
    .addHelpText(
      'after',
      `
Examples:
  branchboard roles                             all roles, and where each comes from
  branchboard roles show tester                 what the role is told
  branchboard roles show tester --task add-auth the whole prompt, and the agent's options
A role of your own is .orchestrator/templates/NAME.md; it goes before one of .claude/agents/ and of branchboard. What
roles have in common is a part: .orchestrator/templates/parts/NAME.md, taken in by the line {{NAME}}.`,
    )
    .action(async (action: string | undefined, name: string | undefined, options: Options) => {
      if (action === undefined) return printAll(options);
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
      const { previewRun } = await import('../preview-prompt.ts');
      const { prompt, call, trouble } = await previewRun(place, role, options.task);
      if (options.json === true) {
        printJson({ version: 1, role: role.name, prompt, call, trouble });
        return;
      }
      // Beside the prompt, which may go into a file.
      const told = call === null ? `! ${trouble ?? ''}` : `$ ${quote([call.program, ...call.args])} < prompt`;
      process.stderr.write(`${told}\n\n`);
      process.stdout.write(prompt);
    });

async function printAll(options: Options): Promise<void> {
  const place = await openPlace(options);
  const settings = await readSettingsOf(place);
  const isTrusted = settings !== null && (await findUntrusted(place, settings)).length === 0;
  const checked = await checkRoles(place, isTrusted ? settings : null);
  const read = checked.map(({ name, source, path, role, problem }) => ({
    ...{ name, source, path: source === 'shipped' ? path : relative(place.topLevel, path) },
    readsOnly: role && isReader(role),
    description: role?.description ?? null,
    problem,
  }));
  if (options.json === true) {
    printJson({ version: 1, roles: read });
    return;
  }
  const width = Math.max(...read.map(({ name }) => name.length));
  for (const { name, source, path, description, problem } of read) {
    const from = source === 'shipped' ? '' : `  (${sources[source]}: ${path})`;
    const text = problem === null ? cleanLine(description ?? '') : "can't be used:";
    print(`${name.padEnd(width)}  ${text}${from}`);
    if (problem !== null) print(problem.replace(/^/gm, `${' '.repeat(width)}  `));
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
  const { model, effort, tools, runner, description } = role;
  return [
    `${role.name} (${sources[role.source]})${description === '' ? '' : `: ${cleanLine(description)}`}`,
    isReader(role) ? 'It only reads; its work is a report.' : 'It writes; its work is commits on a branch.',
    ...(tools === null ? [] : [`Tools: ${tools.map((tool) => cleanLine(tool)).join(', ')}`]),
    ...(model === null ? [] : [`Model: ${cleanLine(model)}`]),
    ...(effort === null ? [] : [`Effort: ${effort === highestEffort ? 'the highest that the agent knows' : effort}`]),
    ...(runner === null ? [] : [`Runner: ${runner}`]),
    '',
    stripHidden(role.instructions).trim(),
  ];
}
