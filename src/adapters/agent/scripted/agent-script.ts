/** The script that the built-in agent follows: the last fenced `agent-script` block of its prompt. */

/** One line of a script. */
export interface ScriptLine {
  /** 1 for the block's first line. */
  readonly number: number;
  /** Only done at this attempt; null is every one. */
  readonly attempt: number | null;
  /** Only done by who judges the work, or resolves a conflict below it; those of null only by who does it. */
  readonly as: 'judge' | 'integrator' | null;
  readonly verb: string;
  /** The text behind the verb, without spaces around it. */
  readonly rest: string;
}

/** The text of the last `agent-script` block, or null where there is none. An unclosed block ends with the prompt. */
export function findScript(prompt: string): string | null {
  const lines = prompt.split(/\r?\n/);
  let found: string | null = null;
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^\s*(`{3,}|~{3,})\s*agent-script\s*$/.exec(lines[at] ?? '')?.[1];
    if (fence === undefined) continue;
    const rest = lines.slice(at + 1);
    const close = rest.findIndex((line) => line.trim() === fence);
    found = (close === -1 ? rest : rest.slice(0, close)).join('\n');
    at += close === -1 ? rest.length : close + 1;
  }
  return found;
}

/** The lines of a script; empty ones and those that begin with `#` are left out. */
export function parseScript(script: string): readonly ScriptLine[] {
  return script
    .split('\n')
    .map((text, index) => parseLine(text.trim(), index + 1))
    .filter((line) => line !== null);
}

function parseLine(text: string, number: number): ScriptLine | null {
  if (text === '' || text.startsWith('#')) return null;
  const [, as = null, own = text] = /^as (judge|integrator):\s*(.*)$/.exec(text) ?? [];
  const conditional = /^on attempt (\d+):\s*(.*)$/.exec(own);
  const action = conditional?.[2] ?? own;
  const attempt = conditional === null ? null : Number(conditional[1]);
  const [, verb = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(action) ?? [];
  return { number, attempt, as: as === 'judge' || as === 'integrator' ? as : null, verb, rest };
}

/** Replaces `\n`, `\t` and `\\` by what they stand for. */
export function unescapeText(text: string): string {
  return text.replace(/\\([nt\\])/g, (_, kind: string) => (kind === 'n' ? '\n' : kind === 't' ? '\t' : '\\'));
}
