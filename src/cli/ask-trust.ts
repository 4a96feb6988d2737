/** Asks for the user's trust: shows the commands and rights that came by git, and takes one yes for all of them. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { quote } from 'shell-quote';
import type { Trust } from '../adapters/trust/trusted-claims.ts';
import { claimsOfSettings, mcpSource, projectSettingsSource } from '../core/judge-claims.ts';
import type { Claim } from '../domain/claim.ts';
import type { Settings } from '../domain/settings.ts';
import { toVisibleLine } from '../domain/visible-text.ts';
import { PortError } from '../ports.ts';
import { claimsOfFoundRole } from './file-claims.ts';
import { composeRoles } from './compose-roles.ts';
import { composeTracked, composeTrust } from './compose-trust.ts';
import { CliError, exitCodes } from './exit-code.ts';
import type { OpenPlace } from './place.ts';
import { print } from './verb.ts';

/** The command that trusts what a repository brought. */
export const trustHint = 'See it and say yes: branchboard trust (without a terminal: branchboard trust --yes)';

/** Whether this process is an agent's, or was started by one: such a process decides nothing for the user. */
export function isOfAgent(): boolean {
  return process.env['BRANCHBOARD_RUN'] !== undefined;
}

/** The claims in a place that need a yes. Runs nothing of the repository; asks git only where something is new. */
export async function findUntrusted(place: OpenPlace, settings: Settings): Promise<readonly Claim[]> {
  const trust = composeTrust(place);
  const roles = await listRoleClaims(place);
  const own = await trust.findUntrusted([...claimsOfSettings(settings), ...roles]);
  return [...own, ...(await findUntrustedProject(place, trust, settings))];
}

/**
 * Throws CliError with exit code 5 where the board's own records came with the repository: they would be taken for what
 * happened here. Tasks in the inbox are refused one by one instead, while the board runs.
 */
export async function requireOwnRecords(place: OpenPlace): Promise<void> {
  const tracked = (await composeTracked(place)()).filter((path) => !/^\.orchestrator\/inbox\/[^/]+$/i.test(path));
  if (tracked.length === 0) return;
  const folders = [...new Set(tracked.map((path) => path.split('/').slice(0, 2).join('/')))];
  throw new CliError(
    exitCodes.notReady,
    `these came with the repository, and a board tracks its settings and templates alone: ${toVisibleLine(folders.join(', '))}`,
    `Remove them, on disk as well: ${quote(['git', 'rm', '-r', '--', ...folders])}`,
  );
}

/** Throws CliError with exit code 5 and the list where claims need a yes and the user does not give it now. */
export async function requireTrust(place: OpenPlace, untrusted: readonly Claim[]): Promise<void> {
  const answer = untrusted.length === 0 ? 'given' : await offer(place, untrusted);
  if (answer !== 'given') throw describeUntrusted(untrusted, answer);
}

/** The error for claims without a yes; it does not repeat what the question showed. */
export function describeUntrusted(claims: readonly Claim[], answer: 'refused' | 'not-asked'): CliError {
  return answer === 'refused'
    ? new CliError(
        exitCodes.notReady,
        'without your yes the board does not start',
        'Once you trust it: branchboard trust',
      )
    : new CliError(exitCodes.notReady, explain(claims), trustHint);
}

/**
 * The same for commands that can go on without it: says which claims need a yes. Errors in the settings (null) are
 * reported elsewhere.
 */
export async function offerTrust(place: OpenPlace, settings: Settings | null): Promise<void> {
  const untrusted = settings === null ? [] : await findUntrusted(place, settings);
  if (untrusted.length === 0) return;
  const answer = await offer(place, untrusted);
  if (answer === 'not-asked') print(explain(untrusted));
  if (answer !== 'given') print(trustHint);
}

/** Shows claims and asks on the terminal; a yes makes them count. */
export async function offer(place: OpenPlace, claims: readonly Claim[]): Promise<'given' | 'refused' | 'not-asked'> {
  if (!process.stdin.isTTY || !process.stdout.isTTY || isOfAgent()) return 'not-asked';
  print(explain(claims));
  if (!(await askYes('Do you trust all of it? [y/N] '))) return 'refused';
  await accept(place, claims);
  return 'given';
}

/** Makes claims count; throws CliError where that can't be kept. */
export async function accept(place: OpenPlace, claims: readonly Claim[]): Promise<void> {
  try {
    await composeTrust(place).accept(claims);
  } catch (error) {
    if (error instanceof PortError) throw new CliError(exitCodes.notReady, error.message);
    throw error;
  }
}

/** All claims with their values, for a person to judge. */
export function explain(claims: readonly Claim[]): string {
  const sources = [...new Set(claims.map(({ source }) => source))];
  const lines = sources.flatMap((source) => [
    `  ${toVisibleLine(source)}`,
    ...claims.filter((claim) => claim.source === source).map((claim) => `    ${formatClaim(claim)}`),
  ]);
  return ['these commands and rights came with git, and nobody said yes to them:', ...lines].join('\n');
}

/** The keys alone, on one line, by source. */
export function nameClaims(claims: readonly Claim[]): string {
  const sources = [...new Set(claims.map(({ source }) => source))];
  const named = sources.map((source) => {
    const keys = claims.filter((claim) => claim.source === source).map(({ key }) => key);
    return `${[...new Set(keys)].join(', ')} (${source})`;
  });
  return toVisibleLine(named.join('; '));
}

/** Shows invisible characters as JSON escapes, so that no value looks like another. */
function formatClaim({ key, value }: Claim): string {
  const text = JSON.stringify(value).replace(
    /[^\P{C}]|[\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `${toVisibleLine(key)}: ${text}`;
}

async function listRoleClaims(place: OpenPlace): Promise<readonly Claim[]> {
  const roles = composeRoles(place);
  const named = (await roles.listRoles()).filter(({ source }) => source !== 'shipped');
  // A role that is broken is refused where a task names it.
  const found = await Promise.all(named.map(({ name }) => roles.find(name).catch(() => null)));
  return found.flatMap((role) => (role === null ? [] : claimsOfFoundRole(role)));
}

/** Claude Code's files in the commit that tasks start from; looked for in git only where there may be any. */
async function findUntrustedProject(
  { repository }: OpenPlace,
  trust: Trust,
  { base }: Settings,
): Promise<readonly Claim[]> {
  const isCheckedOut = base === null || base === repository.branch;
  const found = await Promise.all([projectSettingsSource, mcpSource].map((path) => isThere(repository.topLevel, path)));
  if (isCheckedOut && !found.includes(true)) return [];
  const project = await trust.trustedProject(base ?? 'HEAD');
  return project.kind === 'trusted' ? [] : project.claims;
}

function isThere(...parts: readonly string[]): Promise<boolean> {
  return access(join(...parts)).then(
    () => true,
    () => false,
  );
}

/** Asks on the terminal. No answer is no yes. */
export async function askYes(question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test(await askLine(question));
}

/** A line that the user types, without the spaces around it; empty where they end their input instead. */
export function askLine(question: string): Promise<string> {
  return new Promise((resolve) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
    terminal.once('close', () => resolve(''));
    terminal.question(question, (answer) => {
      resolve(answer.trim());
      terminal.close();
    });
  });
}
