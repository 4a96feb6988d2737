/**
 * Stores the claims that the user accepted or made: `trust.json` in the user's own state folder, outside of every
 * repository. It holds a hash for each claim, by the real path of the checkout that it was trusted in. Hashes are only
 * ever added, under a lock, and the file is replaced whole.
 */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { codeOf } from '../machine/errors.ts';
import { canonicalClaim, type Claim } from '../../domain/claim.ts';
import { NewerFactError, PortError } from '../../ports.ts';
import { replaceFile } from '../machine/durable.ts';
import { readRegular } from '../machine/regular-file.ts';
import { takeFile } from '../daemon-lock/lock-file.ts';

const lockPatienceMs = 10_000;
const lockPollMs = 10;

const shape = z.object({
  version: z.literal(1),
  repositories: z.record(z.string(), z.array(z.string())),
});
/** What a later version of this program wrote, which must not be replaced. */
const newerShape = z.object({ version: z.int().check(z.gte(2)) });
type Trusted = z.infer<typeof shape>;

/** The hashes of trusted claims. */
export interface TrustStore {
  /** The file, for messages. */
  readonly path: string;
  /** The hashes that are trusted in a checkout. Throws PortError where the file can't be understood. */
  read(checkout: string): Promise<ReadonlySet<string>>;
  /** Adds claims. Throws PortError, or the system's error, where they can't be kept. */
  add(checkout: string, claims: readonly Claim[]): Promise<void>;
}

/** The store of the user whose environment this is. */
export function createTrustStore(environment: NodeJS.ProcessEnv): TrustStore {
  const folder = findFolder(environment);
  const path = join(folder, 'trust.json');
  return {
    path,
    async read(checkout) {
      return new Set((await readTrusted(path)).repositories[checkout] ?? []);
    },
    async add(checkout, claims) {
      await openFolder(folder);
      const lock = await takeLock(folder);
      try {
        const trusted = await readTrusted(path);
        const hashes = new Set([...(trusted.repositories[checkout] ?? []), ...claims.map(hashClaim)]);
        const repositories = { ...trusted.repositories, [checkout]: [...hashes].sort() };
        await replaceFile(path, `${JSON.stringify({ version: 1, repositories }, null, 2)}\n`);
      } finally {
        await lock.release();
      }
    },
  };
}

/** The key of a claim in the store: SHA-256 of its canonical JSON, in hex. */
export function hashClaim(claim: Claim): string {
  return createHash('sha256').update(canonicalClaim(claim)).digest('hex');
}

/** A relative `XDG_STATE_HOME` is passed over, as its specification says: it would lie in whatever folder is current. */
function findFolder(environment: NodeJS.ProcessEnv): string {
  const told = environment['XDG_STATE_HOME'] ?? '';
  return join(isAbsolute(told) ? told : join(environment['HOME'] ?? homedir(), '.local', 'state'), 'branchboard');
}

async function readTrusted(path: string): Promise<Trusted> {
  try {
    const value: unknown = JSON.parse(await readRegular(path));
    const newer = newerShape.safeParse(value);
    if (newer.success) throw new NewerFactError(path, newer.data.version);
    return shape.parse(value);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { version: 1, repositories: {} };
    if (!(error instanceof SyntaxError) && !(error instanceof z.core.$ZodError)) throw error;
    throw new PortError(`${path} can't be understood, so nothing is trusted by it; move it away and trust anew`, {
      cause: error,
    });
  }
}

/** A link in the folder's place, or somebody else's folder, would let others decide. */
async function openFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await lstat(folder);
  if (!stats.isDirectory() || (process.getuid !== undefined && stats.uid !== process.getuid())) {
    throw new PortError(`${folder} is no folder of your own; move it away, so that it can be made anew`);
  }
  if ((stats.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
}

async function takeLock(folder: string): Promise<{ release(): Promise<void> }> {
  for (let waitedMs = 0; waitedMs < lockPatienceMs; waitedMs += lockPollMs) {
    const taken = await takeFile(folder, () => undefined);
    if (taken.ok) return taken.value;
    await delay(lockPollMs);
  }
  throw new PortError(`another board writes ${join(folder, 'trust.json')} and does not end; try again`);
}
