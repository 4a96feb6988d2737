/** Faults of the outside that the core answers in a way of their own, and how they are told from all others. */

/** The disk is full, or the machine lacks something for a moment. */
export type OutsideKind = 'no-room' | 'shortage';

/** Codes of the system, by what they mean for the board. */
const kinds: Readonly<Record<string, OutsideKind>> = {
  ENOSPC: 'no-room',
  EDQUOT: 'no-room',
  EMFILE: 'shortage',
  ENFILE: 'shortage',
  ENOMEM: 'shortage',
  EAGAIN: 'shortage',
};

/** The kind of an error, a port's or the system's own; null for most. */
export function kindOf(error: unknown): OutsideKind | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? (kinds[code] ?? null) : null;
}
