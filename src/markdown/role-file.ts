/** Parses a role's file: its instructions and its frontmatter, which is that of Claude Code's own agent files. */
import type { AgentKind } from '../domain/agent-kind.ts';
import type { Parsed } from '../domain/diagnostic.ts';
import { openFields, type Read } from './fields.ts';
import { cutFrontmatter, stripByteOrderMark } from './frontmatter.ts';
import { readAgentKind, readArgument, readText, readTools, splitTools } from './readers.ts';
import { createReporter } from './reporter.ts';
import type { Problem, Reporter } from './reporter.ts';
import { parseYamlMap } from './yaml.ts';

/** A parsed role's file. A role's name is its file's, whatever the frontmatter says. */
export interface RoleText {
  readonly description: string;
  /** Null is the user's own choice. */
  readonly model: string | null;
  /** Null is no restriction. */
  readonly tools: readonly string[] | null;
  readonly instructions: string;
  /** The kind of agent that works in this role; null where the task or the settings say. */
  readonly runner: AgentKind | null;
}

/** Which file a text is from. */
export interface RoleSource {
  /** The file as diagnostics name it. */
  readonly file: string;
  /**
   * It was written for Claude Code, which takes frontmatter that is no YAML, such as a description with a colon: what
   * that takes is good enough.
   */
  readonly isClaudeAgent: boolean;
}

type Frontmatter = Partial<Pick<RoleText, 'description' | 'model' | 'tools' | 'runner'>>;

/** Reads a role. The value is undefined exactly if there is an error among the diagnostics. Never throws. */
export function parseRoleFile(text: string, { file, isClaudeAgent }: RoleSource): Parsed<RoleText> {
  const clean = stripByteOrderMark(text).replaceAll('\r\n', '\n');
  const reporter = createReporter(file, clean);
  const cut = cutFrontmatter(clean);
  if (cut.kind === 'broken') {
    reporter.report(cut.offset, cut.problem);
    return reporter.finish<RoleText>(undefined);
  }
  const instructions = clean.slice(cut.bodyStart).trim();
  if (instructions === '') reporter.report(cut.bodyStart, noInstructions);
  const {
    description = '',
    model = null,
    tools = null,
    runner = null,
  } = cut.kind === 'none' ? {} : readFrontmatter(cut);
  return reporter.finish({
    description,
    model: model === 'inherit' ? null : model,
    tools: tools === null || tools.length === 0 || tools.includes('*') ? null : tools,
    instructions,
    runner,
  });

  function readFrontmatter({ start, end }: { readonly start: number; readonly end: number }): Frontmatter {
    const yaml = clean.slice(start, end);
    if (!isClaudeAgent) return readFields(yaml, start, reporter, readAgentKind);
    const judge = createReporter(file, clean);
    // Whatever stands under `runner` there is a word to Claude Code, not to the board.
    const fields = readFields(yaml, start, judge, () => null);
    return judge.failed() ? guessFields(yaml) : fields;
  }
}

const noInstructions: Problem = { message: 'there are no instructions', expected: 'text below the frontmatter' };

function readFields(yaml: string, start: number, reporter: Reporter, readRunner: Read<AgentKind>): Frontmatter {
  const map = parseYamlMap(yaml, start, reporter);
  if (map === undefined) return {};
  const fields = openFields(map, reporter);
  const description = fields.read('description', readText);
  const model = fields.read('model', readArgument);
  const tools = fields.read('tools', readTools);
  const runner = fields.read('runner', readRunner);
  return {
    ...(description !== undefined && { description }),
    ...(model !== undefined && { model }),
    ...(tools !== undefined && { tools }),
    ...(runner !== undefined && { runner }),
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
