/** A repository's own settings and servers for Claude Code, as data, as they are in a commit. */
import { createHash } from 'node:crypto';
import { isRecord, type Claim } from '../../domain/claim.ts';
import type { Git } from '../git/git.ts';
import { maxBlobBytes, readBlobs } from './blobs.ts';
import type { ReadClaims } from './origins.ts';

/**
 * The content of the files; null where there is none, it is too large, it is no JSON object, or a link stands there.
 */
export interface ProjectFiles {
  /** `.claude/settings.json`. */
  readonly settings: Readonly<Record<string, unknown>> | null;
  /** `.mcp.json`. */
  readonly mcp: Readonly<Record<string, unknown>> | null;
}

/** The parsed files of one commit. */
export interface ReadProject {
  readonly files: ProjectFiles;
  /** A file that is no JSON claims its bytes. */
  readonly claims: readonly Claim[];
}

const paths = { settings: '.claude/settings.json', mcp: '.mcp.json' } as const;

/** Reads the files of a branch or commit; an unknown one has none. Throws PortError if git fails. */
export async function readProject(git: Git, commit: string, readClaims: ReadClaims): Promise<ReadProject> {
  const where = ['ls-tree', '--full-tree', '-z', '-l', commit, '--', ...Object.values(paths)];
  const { stdout } = await git.attempt(where, { env: { GIT_NO_REPLACE_OBJECTS: '1' } });
  const found = new Map(
    stdout.split('\0').flatMap((line): [string, string][] => {
      const [, id, size, path] = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t(.+)$/.exec(line) ?? [];
      return id === undefined || path === undefined || Number(size) > maxBlobBytes ? [] : [[path, id]];
    }),
  );
  const texts = await readBlobs(git, [...found.values()]);
  const textOf = (path: string): string | null => texts.get(found.get(path) ?? '') ?? null;
  const claims = Object.values(paths).flatMap((path) => {
    const text = textOf(path);
    return text === null ? [] : (readClaims(path, text)?.claims ?? claimBytes(path, text));
  });
  return { files: { settings: parse(textOf(paths.settings)), mcp: parse(textOf(paths.mcp)) }, claims };
}

function claimBytes(source: string, text: string): readonly Claim[] {
  return [{ source, key: 'no JSON, SHA-256', value: createHash('sha256').update(text).digest('hex') }];
}

function parse(text: string | null): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
