/** Parses a role's file: its instructions and its frontmatter, which is that of Claude Code's own agent files. */
import type { Parsed } from '../domain/diagnostic.ts';
import type { Role } from '../domain/role.ts';
import { findNearest, openFields, type Fields, type Read } from './fields.ts';
import { cutFrontmatter, stripByteOrderMark } from './frontmatter.ts';
import { quote } from './plain-text.ts';
import { readAgentKind, readArgument, readEffort, readModel, readText, readTools, splitTools } from './readers.ts';
import { createReporter } from './reporter.ts';
import type { Problem } from './reporter.ts';
import { parseYamlMap } from './yaml.ts';

/** A parsed role's file. A role's name is its file's, whatever the frontmatter says. */
export type RoleText = Omit<Role, 'name' | 'source'>;

/** Which file a text is from. */
export interface RoleSource {
  /** The file as diagnostics name it. */
  readonly file: string;
  /**
   * It was written for Claude Code, which takes frontmatter that is no YAML, such as a description with a colon: what
   * that takes is good enough.
   */
  readonly isClaudeAgent: boolean;
  /** The levels of effort that the agent's program knows; left out where it was not asked. */
  readonly efforts?: readonly string[] | null;
  /** Texts that a role of the board takes in by a line such as `{{output}}`; left out where those lines stay as they are. */
  readonly parts?: ReadonlyMap<string, string>;
}

type Frontmatter = Partial<Omit<RoleText, 'instructions'>>;

/** Reads a role. The value is undefined exactly if there is an error among the diagnostics. Never throws. */
export function parseRoleFile(
  text: string,
  { file, isClaudeAgent, efforts = null, parts }: RoleSource,
): Parsed<RoleText> {
  const clean = stripByteOrderMark(text).replaceAll('\r\n', '\n');
  const reporter = createReporter(file, clean);
  const cut = cutFrontmatter(clean);
  if (cut.kind === 'broken') {
    reporter.report(cut.offset, cut.problem);
    return reporter.finish<RoleText>(undefined);
  }
  const instructions = clean.slice(cut.bodyStart).trim();
  if (instructions === '') reporter.report(cut.bodyStart, noInstructions);
  const told = isClaudeAgent || parts === undefined ? instructions : takeIn(parts, cut.bodyStart);
  const {
    description = '',
    model = null,
    effort = null,
    tools = null,
    runner = null,
  } = cut.kind === 'none' ? {} : readFrontmatter(cut);
  return reporter.finish({
    description,
    model: model === 'inherit' ? null : model,
    effort,
    tools: tools === null || tools.length === 0 || tools.includes('*') ? null : tools,
    instructions: told,
    runner,
  });

  function takeIn(known: ReadonlyMap<string, string>, bodyStart: number): string {
    return clean
      .slice(bodyStart)
      .replace(partLine, (line: string, name: string, at: number) => {
        const part = known.get(name);
        if (part === undefined) reporter.report(bodyStart + at, describeNoPart(name, [...known.keys()]));
        return part ?? line;
      })
      .trim();
  }

  function readFrontmatter({ start, end }: { readonly start: number; readonly end: number }): Frontmatter {
    const yaml = clean.slice(start, end);
    const judge = isClaudeAgent ? createReporter(file, clean) : reporter;
    const map = parseYamlMap(yaml, start, judge);
    const fields = map === undefined ? null : openFields(map, judge);
    if (!isClaudeAgent) return fields === null ? {} : readOwn(fields);
    const read = fields === null ? {} : readShared(fields, readArgument, null);
    return judge.failed() ? guessFields(yaml) : read;
  }

  /** A key that the board passes over might be a right that somebody means to take away: each unknown one is an error. */
  function readOwn(fields: Fields): Frontmatter {
    const read = readShared(fields, readModel, efforts);
    const runner = fields.read('runner', readAgentKind);
    // Claude Code's own files have them, and nothing follows from them.
    for (const key of ['name', 'color']) fields.read(key, readText);
    fields.reportUnknown('error');
    return { ...read, ...(runner !== undefined && { runner }) };
  }
}

/** A line that stands for a part. One that is indented is text. */
const partLine = /^\{\{([a-z][a-z0-9-]*)\}\}[ \t]*$/gm;

function describeNoPart(name: string, known: readonly string[]): Problem {
  return {
    message: `there is no part ${quote(name)}`,
    expected: `one of ${known.join(', ')} (the nearest is \`${findNearest(name, known)}\`)`,
    hint: `Your own would be .orchestrator/templates/parts/${name}.md; indent the line if it is text.`,
  };
}

const noInstructions: Problem = { message: 'there are no instructions', expected: 'text below the frontmatter' };

/** The keys that Claude Code's own files have as well. */
function readShared(fields: Fields, asModel: Read<string>, efforts: readonly string[] | null): Frontmatter {
  const description = fields.read('description', readText);
  const model = fields.read('model', asModel);
  const effort = fields.read('effort', readEffort(efforts));
  const tools = fields.read('tools', readTools);
  return {
    ...(description !== undefined && { description }),
    ...(model !== undefined && { model }),
    ...(effort !== undefined && { effort }),
    ...(tools !== undefined && { tools }),
  };
}

function guessFields(yaml: string): Frontmatter {
  const valueOf = (key: string): string =>
    new RegExp(`^${key}:[ \\t]*(?<value>.*)$`, 'm').exec(yaml)?.groups?.['value']?.trim() ?? '';
  const model = valueOf('model');
  return {
    description: valueOf('description'),
    ...(model !== '' && { model }),
    tools: splitTools(valueOf('tools')),
  };
}
