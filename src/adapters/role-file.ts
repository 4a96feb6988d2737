/** One role's file: frontmatter as in Claude Code's own agent files, then the instructions. */
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

import type { Diagnostic } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import { failure, success } from '../domain/result.ts';
import type { Result } from '../domain/result.ts';
import type { Role } from '../ports.ts';

/** A larger file is refused. */
export const maxRoleFileBytes = 64 * 1024;

type Problem = Omit<Diagnostic, 'severity'>;

/** What is known of a role before its file is read. */
export interface RoleOrigin {
  readonly name: string;
  readonly source: Role['source'];
  /** The file as the user knows it. */
  readonly file: string;
}

/** Reads a role. A role is known by its file's name, whatever its frontmatter calls it. */
export function parseRole(bytes: Uint8Array, origin: RoleOrigin): Result<Role, Problem> {
  const { name, source, file } = origin;
  const text = decode(bytes);
  if (text === null) return failure({ file, message: 'it is not UTF-8' });
  const { frontmatter, body, bodyLine } = cutFrontmatter(text);
  if (body.trim() === '') {
    return failure({ file, line: bodyLine, message: 'it has no instructions', expected: 'text below the frontmatter' });
  }
  // Claude Code takes frontmatter that is no YAML, such as a description with a colon; what it takes is good enough.
  const strict = readFields(frontmatter, file);
  const fields = !strict.ok && source === 'claude-agent' ? success(guessFields(frontmatter)) : strict;
  if (!fields.ok) return fields;
  const { description, model, tools } = fields.value;
  return success({
    name,
    description: description ?? '',
    model: model === null || model === undefined || model === 'inherit' ? null : model,
    tools: readTools(tools),
    instructions: body.trim(),
    source,
  });
}

const fieldsSchema = z.object({
  description: z.string().nullish(),
  model: z.string().nullish(),
  tools: z.union([z.string(), z.array(z.string())], 'expected a list or names with commas between').nullish(),
});
type Fields = z.infer<typeof fieldsSchema>;

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch {
    return null;
  }
}

function cutFrontmatter(text: string): { frontmatter: string; body: string; bodyLine: number } {
  const match = /^---[ \t]*\n(?<yaml>.*?)^---[ \t]*(?:\n|$)/ms.exec(text);
  if (match === null) return { frontmatter: '', body: text, bodyLine: 1 };
  const bodyLine = match[0].split('\n').length;
  return { frontmatter: match.groups?.['yaml'] ?? '', body: text.slice(match[0].length), bodyLine };
}

function readFields(yaml: string, file: string): Result<Fields, Problem> {
  if (yaml.trim() === '') return success({});
  if (Buffer.byteLength(yaml) > limits.maxFrontmatterBytes || isDeep(yaml)) {
    const expected = `flat keys, at most ${String(limits.maxFrontmatterBytes)} bytes of them`;
    return failure({
      file,
      line: 1,
      column: 1,
      message: 'its frontmatter is too large or too deeply nested',
      expected,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const place = (offset: number): Pick<Problem, 'file' | 'line' | 'column'> => {
    const { line, col } = lines.linePos(offset);
    return { file, line: line + 1, column: col }; // the frontmatter begins on the file's second line
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const hint = 'Put quotation marks around a value that holds a colon or begins with a special character.';
    return failure({ ...place(error.pos[0]), message: `bad YAML: ${firstLine(error.message)}`, hint });
  }
  const checked = fieldsSchema.safeParse(document.toJS());
  if (checked.success) return success(checked.data);
  const [issue] = checked.error.issues;
  const path = (issue?.path ?? []).map(String);
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const message = path.length === 0 ? 'the frontmatter is no mapping' : `${path.join('.')} is of the wrong type`;
  const expected = 'keys name, description, model, tools, each with text';
  return failure({ ...place(startOf(node)), message, expected });
}

function startOf(node: unknown): number {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
  const start: unknown = Array.isArray(range) ? range[0] : 0;
  return typeof start === 'number' ? start : 0;
}

/** Whether YAML would nest deeper than it is given to a parser that may not survive it. */
function isDeep(yaml: string): boolean {
  const most = String(limits.maxYamlDepth + 1);
  if (new RegExp(`(?:[-?:][ \\t]+){${most}}`).test(yaml)) return true;
  let depth = 0;
  for (const character of yaml) {
    if (character === '[' || character === '{') depth += 1;
    if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > limits.maxYamlDepth) return true;
  }
  return false;
}

function guessFields(frontmatter: string): Fields {
  const valueOf = (key: string): string | undefined =>
    new RegExp(`^${key}:[ \\t]*(?<value>.*)$`, 'm').exec(frontmatter)?.groups?.['value']?.trim();
  return { description: valueOf('description'), model: valueOf('model'), tools: valueOf('tools') };
}

/** Null is no restriction. Commas inside of a pattern, such as `Bash(a, b)`, part nothing. */
function readTools(tools: Fields['tools']): readonly string[] | null {
  if (tools === null || tools === undefined) return null;
  const names = (typeof tools === 'string' ? tools.split(/,(?![^(]*\))/) : tools)
    .map((tool) => tool.trim())
    .filter((tool) => tool !== '');
  return names.length === 0 || names.includes('*') ? null : names;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
