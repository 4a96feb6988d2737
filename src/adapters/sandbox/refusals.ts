/** Turns what the sandbox refused into sentences for the user, with the setting that would allow it. */

/** A connection as the sandbox tells of it, such as `deny network-outbound example.com:443 (user denied)`. */
const connection = /deny network-outbound ([A-Za-z0-9.-]+)(?::\d+)?/g;
/** As much of one text is looked at. */
const maxTextChars = 20_000;
/** As many domains of one text are named. */
const maxDomains = 10;

/** The domains that were refused, each once. */
export function explainConnections(lines: string): readonly string[] {
  const found = [...lines.slice(-maxTextChars).matchAll(connection)].flatMap(([, domain]) => domain ?? []);
  return [...new Set(found)]
    .slice(0, maxDomains)
    .map(
      (domain) =>
        `The sandbox refused a connection to ${domain}. To allow it, write into config.yaml: \`sandbox: { allowed_domains: [${domain}] }\``,
    );
}

/** The same from what a tool of Claude Code gave back, which has the refusals in a block at its end. */
export function explainToolRefusals(text: string): readonly string[] {
  const block = /<sandbox_violations>([^<]*)<\/sandbox_violations>\s*$/.exec(text.slice(-maxTextChars))?.[1];
  return block === undefined ? [] : explainConnections(block);
}

/** Whether what a command printed says that it wrote where it may not. */
export function explainWrites(output: string): readonly string[] {
  if (!/\b(?:EROFS|Read-only file system)\b/i.test(output)) return [];
  return ['The sandbox lets commands write their worktree and $TMPDIR alone; something wrote elsewhere.'];
}
