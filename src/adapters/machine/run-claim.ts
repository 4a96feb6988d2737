/**
 * The claim of a run: a file that exactly one process can put into the run's folder, by hard-linking a finished file to
 * that name. Its holder runs the agent. A tombstone in its place says that no process ever will.
 *
 *   (none) ── the wrapper links its pid and start time ──► claimed
 *      └───── a recovering board links a tombstone ──────► closed; a wrapper that comes late gives up
 */
import { linkSync, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf, toPortError } from './errors.ts';
import { syncFolder } from './durable.ts';
import { NotRegularError, openRegular, readBeginning } from './regular-file.ts';
import type { ProcessMark } from './processes.ts';

/** The exit code of a wrapper that found its run claimed. */
export const claimLostExitCode = 75;

/** The claim's file in the run's folder. */
export const claimName = 'claim';
const tombstone = 'closed\n';
/** No claim is longer. */
const maxClaimBytes = 4 * 1024;

/**
 * The wrapper that claims a run and becomes its agent: `sh -c SCRIPT name RUN_FOLDER PROGRAM ARGUMENT…`. It is the
 * same for every run; what belongs to one comes in as positional parameters, never as text of the script.
 */
export const claimScript = `
set -f
folder=$1
shift
pick() { shift 19; start=$1; }
if [ -r "/proc/$$/stat" ]; then
  IFS= read -r line < "/proc/$$/stat"
  pick \${line##*) }
else
  start=$(LC_ALL=C ps -o lstart= -p "$$")
fi
(umask 077; printf '%s\\n%s\\n' "$$" "$start" > "$folder/claim.$$") || { rm -f "$folder/claim.$$"; exit 73; }
if ! ln "$folder/claim.$$" "$folder/claim" 2>/dev/null; then
  [ -e "$folder/claim" ] && exit ${String(claimLostExitCode)}
  exit 73
fi
exec "$@"
`;

/** The content of a run's claim. */
export type Claim =
  | { readonly kind: 'none' }
  | { readonly kind: 'closed' }
  /** `mark` is null where it can't be understood, or is no regular file. */
  | { readonly kind: 'claimed'; readonly mark: ProcessMark | null; readonly claimedAt: number };

/** Reads a run's claim. */
export function readClaim(folder: string): Claim {
  const file = path.join(folder, claimName);
  try {
    const text = readText(file);
    if (text === tombstone) return { kind: 'closed' };
    const [pid, start] = text.split('\n').map((line) => line.trim());
    const known = pid !== undefined && /^[1-9]\d*$/.test(pid) && start !== undefined && start !== '';
    const claimedAt = Math.floor(lstatSync(file).mtimeMs);
    return { kind: 'claimed', mark: known ? { pid: Number(pid), start } : null, claimedAt };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'none' };
    throw toPortError(error, `can't read ${file}`);
  }
}

function readText(file: string): string {
  try {
    return readBeginning(file, maxClaimBytes);
  } catch (error) {
    if (error instanceof NotRegularError) return '';
    throw error;
  }
}

/** Makes it impossible to claim a run that nobody claimed yet; gives the claim as it is from then on. */
export function closeClaim(folder: string): Claim {
  const before = readClaim(folder);
  if (before.kind !== 'none') return before;
  const temp = path.join(folder, `claim.closed.${String(process.pid)}`);
  try {
    rmSync(temp, { force: true });
    writeFileSync(temp, tombstone, { flag: 'wx', mode: 0o600 });
    linkSync(temp, path.join(folder, claimName));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw toPortError(error, `can't close the claim in ${folder}`);
  } finally {
    rmSync(temp, { force: true });
  }
  syncClaim(folder);
  return readClaim(folder);
}

/**
 * Removes what the linking left, and makes a claim survive a power cut, soon: a power cut would end the agent as well,
 * and the worst is that its run is then started afresh. Never throws: the claim holds without it.
 */
export function syncClaim(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      if (/^claim\.(?:closed\.)?\d+$/.test(name)) rmSync(path.join(folder, name), { force: true });
    }
  } catch {
    // A leftover is in nobody's way.
  }
  void Promise.allSettled([syncFile(path.join(folder, claimName)), syncFolder(folder)]);
}

async function syncFile(file: string): Promise<void> {
  const handle = await openRegular(file);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
