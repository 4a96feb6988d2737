/** Claude Code's permission rules for commands, such as `Bash(npm run *)`, as far as the git guard has to know them. */

/** Whether a rule allows a command as it was typed. */
export function matchesRule(command: string, rule: string): boolean {
  const pattern = /^Bash\(([^]*)\)$/.exec(rule.trim())?.[1];
  if (pattern === undefined) return false;
  // An older form: `git push:*` is `git push *`.
  const [first = '', ...others] = pattern.replace(/:\*$/, ' *').split('*');
  if (others.length === 0) return command.trim() === first;
  const isBare = others.length === 1 && others[0] === '' && `${command.trim()} ` === first;
  const text = others.map((part) => escape(part)).join('[^]*');
  return isBare || new RegExp(`^${escape(first)}[^]*${text}$`).test(command.trim());
}

/** Whether rules or a mode let an agent run everything. */
export function allowsAll(rules: readonly string[], permissionMode: string): boolean {
  return permissionMode === 'bypassPermissions' || rules.some((rule) => /^Bash(?:\((?:\*|:\*|)\))?$/.test(rule.trim()));
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
