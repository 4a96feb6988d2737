/**
 * Checks of `doctor` about Claude Code: whether it behaves as the board relies on, and which rights agents have from
 * elsewhere.
 */
import path from 'node:path';
import { readLocalRights } from '../adapters/agent/claude/user-permissions.ts';
import { probeClaude, type Expectation, type Probe } from '../adapters/agent/claude/agent-probe.ts';
import type { Repository } from '../adapters/git/repository.ts';
import type { Settings } from '../domain/settings.ts';
import { cleanLine } from '../markdown/safe-text.ts';
import type { Finding } from './finding.ts';
import { redactFor } from './output-redaction.ts';

/** Rules that are named; the others are counted. */
const maxRules = 3;
const maxRuleChars = 60;
const check = 'claude';

/** The consequence for the board of an expectation that is not met. */
const meanings: Readonly<Record<Expectation, string>> = {
  'session-id': 'it takes another session id than the one it is given: a run that is cut off early is not gone on with',
  'structured-result': 'it gives no structured result: the board can’t tell a finished task from a failed one',
  hooks: 'it runs no hooks that are given by --settings: what the board gives agents that way does not hold',
  resume: 'it does not go on with a session: retries and answers begin from nothing',
  'settings-sources': 'it loads a repository’s settings although it was told not to: hooks on a branch run',
  sandbox: 'its sandbox does not work here: commands don’t run in it, or write outside of their worktree',
};

/**
 * Tries how the Claude Code in the file `program` behaves, which takes some seconds: one finding if all is well, else one
 * for each difference. Not for a program that a repository brought: it is run.
 */
export async function checkBehaviour(program: string, searchPath: string): Promise<readonly Finding[]> {
  if (!path.basename(program).startsWith('claude')) {
    return [{ check, status: 'ok', detail: `not tried: ${program} is no Claude Code itself` }];
  }
  return describeProbe(await probeClaude(program, { searchPath }));
}

function describeProbe(probe: Probe): readonly Finding[] {
  const hint = 'Update Claude Code (claude update), then try again: branchboard doctor';
  if (probe.kind === 'failed') {
    const detail = `a trial run on this machine alone failed: ${cleanLine(probe.reason)}`;
    return [{ check, status: 'warning', detail, hint }];
  }
  const tried = Object.entries(probe.behaviours).filter(([, behaviour]) => behaviour !== 'not-here');
  const differing = Object.entries(meanings).filter(([name]) =>
    tried.some(([each, how]) => each === name && how === 'differs'),
  );
  if (differing.length > 0) {
    return differing.map(([, detail], i) => ({
      ...{ check, status: 'warning' as const, detail },
      ...(i === differing.length - 1 ? { hint } : {}),
    }));
  }
  const count = `${String(tried.length)} of ${String(tried.length)}`;
  const sandbox = probe.behaviours.sandbox === 'not-here' ? '; the sandbox needs bubblewrap and socat' : '';
  return [{ check, status: 'ok', detail: `behaves as expected (${count}${sandbox})` }];
}

/** Permissions that the user gave for good in sessions of their own, and that agents have as well. */
export function checkLocalRights(repository: Repository, settings: Settings): readonly Finding[] {
  if (settings.agent.kind !== 'claude') return [];
  const redact = redactFor(() => settings);
  const main = path.dirname(repository.commonDir);
  return [...new Set([repository.topLevel, main])].flatMap((checkout) => {
    const rights = readLocalRights(checkout);
    if (rights === null) return [];
    const { file, rules, keys } = rights;
    const named = rules.slice(0, maxRules).map((rule) => cleanLine(redact(rule), maxRuleChars));
    const more = rules.length > maxRules ? ` and ${String(rules.length - maxRules)} more` : '';
    const allowed = rules.length === 0 ? [] : [`${countOf(rules.length)} (${named.join(', ')}${more})`];
    return [
      {
        ...{ check: 'permissions', status: 'warning' as const },
        detail: `agents also get what .claude/settings.local.json of this checkout gives you: ${[...allowed, ...keys].join(', ')}`,
        hint: `Look at it: cat ${file}; take out what agents should not have by typing /permissions in claude.`,
      },
    ];
  });
}

function countOf(rules: number): string {
  return rules === 1 ? '1 rule' : `${String(rules)} rules`;
}
