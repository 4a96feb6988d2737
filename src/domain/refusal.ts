/**
 * A tool call that an agent was refused, and the words for whoever could allow it: what was refused, by whom, and the
 * line of settings that allows it, where there is one.
 */
import { countOf } from './amounts.ts';
import { toVisibleLine } from './visible-text.ts';

/** Who refuses a tool call. */
export const refusers = [
  /** No rule allows it, and nobody is there to be asked. */
  'rules',
  /** A rule says that it is never allowed. */
  'deny-rule',
  /** The board's guard of git commands. */
  'guard',
  /** A hook of the agent's program that is not the board's. */
  'hook',
  /** It leads out of the worktree. */
  'outside',
  /** The agent's program asks a person each time, whatever the rules say. */
  'person',
] as const;

/** A tool call that was refused, once or more often. */
export interface Refusal {
  /** Such as `Bash`. */
  readonly tool: string;
  /** Its command line, path or address on one line, bounded by `maxCallChars`; empty where that is not known. */
  readonly call: string;
  /** The commands of the line that no rule allows; empty where it was refused as a whole. */
  readonly parts: readonly string[];
  readonly by: (typeof refusers)[number];
  /** What was said of it, on one line, bounded by `maxRefusalChars`. */
  readonly said: string;
  readonly times: number;
}

/** A longer command line can't be told as a rule. */
const maxRuleChars = 120;
const maxShownChars = 160;

/** Programs that run whatever their arguments say: of these a rule names the whole line. */
const runners = /^(?:.*\/)?(?:(?:ba|da|z|k|fi)?sh|env|sudo|su|doas|xargs|eval|exec|find|ssh|docker|curl|wget)$/;
/** Commands that look at the work, and that the board can run itself as `verify`. */
const checks =
  /(?:^|[\s:/_-])(?:tests?|spec|lint|check|typecheck|tsc|vitest|jest|mocha|pytest|mypy|ruff|eslint)(?:$|[\s:_-])/;

/** One sentence for each call: how often it was refused, and what allows it. What is to be typed stands in backticks. */
export function describeRefusals(refusals: readonly Refusal[]): readonly string[] {
  return refusals.map((refusal) => {
    const { times } = refusal;
    return `${countOf(times, 'call')} ${times === 1 ? 'was' : 'were'} refused: ${nameCall(refusal)} → ${describeWay(refusal)}`;
  });
}

/** Adds refusals to others; those of the same call are counted together. At most `max` are kept, the first ones. */
export function joinRefusals(known: readonly Refusal[], more: readonly Refusal[], max: number): readonly Refusal[] {
  const joined = new Map<string, Refusal>();
  for (const refusal of [...known, ...more]) {
    const key = `${refusal.tool}\n${refusal.call}`;
    const before = joined.get(key);
    if (before !== undefined) joined.set(key, { ...before, times: before.times + refusal.times });
    else if (joined.size < max) joined.set(key, refusal);
  }
  return [...joined.values()];
}

/** Whether a command line is to make a commit. */
export function isCommit(commandLine: string): boolean {
  return /\bgit\b[^|;&\n]*\scommit(?![-\w])/.test(commandLine);
}

function nameCall({ tool, call }: Refusal): string {
  if (call === '') return tool;
  const shown = inBackticks(call);
  return tool === 'Bash' ? shown : `${tool} ${shown}`;
}

function describeWay(refusal: Refusal): string {
  const { tool, call, said, by } = refusal;
  switch (by) {
    case 'rules':
      return `to allow it, write into config.yaml: ${describeRules(refusal)}`;
    case 'deny-rule':
      if (tool === 'EnterWorktree' || call.includes('--output')) return 'the board allows it to no agent';
      return `a rule that denies it stands in the user's own settings of the agent (\`permissions.deny\` in \`~/.claude/settings.json\` or the repository's \`.claude/\`), or its role only reads. The board can't allow it: change that rule`;
    case 'guard':
      return `the board's guard of git refused it. To allow it all the same, write into config.yaml: ${describeRules(refusal)}`;
    case 'hook':
      return `a hook of the agent's settings refused it: ${inBackticks(said)}`;
    case 'outside':
      return 'it leads out of the worktree, where agents read and write nothing';
    case 'person':
      return `a person would be asked for it each time, so no setting allows it: ${inBackticks(said)}`;
  }
}

function describeRules(refusal: Refusal): string {
  const commands = refusal.tool === 'Bash' ? (refusal.parts.length > 0 ? refusal.parts : [refusal.call]) : [];
  const rules = refusal.tool === 'Bash' ? commands.map(ruleFor) : [ruleForTool(refusal)];
  const known = [...new Set(rules)].filter((rule) => rule !== null);
  if (known.length === 0 || known.length < new Set(rules).size) {
    return 'a rule under `allowed_tools` (docs/settings.md), or let the agent write it as plain commands';
  }
  const allow = inBackticks(`allowed_tools: [${known.map((rule) => JSON.stringify(rule)).join(', ')}]`);
  const areChecks = commands.length > 0 && commands.every((each) => checks.test(each) && isPlain(each));
  return areChecks ? `\`verify: [${commands.join(', ')}]\` or ${allow}` : allow;
}

/** The rule that allows a command and its like, such as `Bash(npm install *)`; null where none can be told. */
function ruleFor(command: string): string | null {
  const words = command.trim().split(/\s+/);
  const [program = '', second = ''] = words;
  const unquoted = command.replaceAll(/'[^']*'|"[^"]*"/g, '');
  if (command.length > maxRuleChars || !isWord(program) || program.includes('=') || /[;&|<>$`]/.test(unquoted))
    return null;
  const names = second === 'run' || second === 'exec' ? 3 : 2;
  const isPrefix = words.length > names && !runners.test(program) && words.slice(1, names).every(isName);
  if (isPrefix) return `Bash(${words.slice(0, names).join(' ')} *)`;
  return /[*()\\]/.test(command) ? null : `Bash(${command.trim()})`;
}

function ruleForTool({ tool, call }: Refusal): string {
  const host = tool === 'WebFetch' ? /^https?:\/\/([\w.-]+)/i.exec(call)?.[1] : undefined;
  return host === undefined ? tool : `WebFetch(domain:${host})`;
}

/** Needs no quotes in YAML. */
function isPlain(command: string): boolean {
  return command.split(' ').every(isWord) && /^[\w.]/.test(command);
}

function isWord(text: string): boolean {
  return /^[\w./@+=-]+(?::[\w./@+=-]+)*$/.test(text);
}

/** A word that says what a program is to do, and no option, path or variable. */
function isName(text: string): boolean {
  return /^[a-z][\w:-]*$/i.test(text);
}

function inBackticks(text: string): string {
  const line = toVisibleLine(text).replaceAll('`', "'").trim();
  return `\`${line.length > maxShownChars ? `${line.slice(0, maxShownChars)}…` : line}\``;
}
