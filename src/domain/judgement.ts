/** Reviews by agents: of a task's work, after the checks and before the user looks at it. */

/** One thing that is to be different, and where. */
export interface JudgeComment {
  readonly path: string;
  /** Null where it is about the file as a whole. */
  readonly line: number | null;
  readonly reason: string;
}

/** The end of one such review. */
export interface Judgement {
  /** The run that reviewed. */
  readonly run: number;
  readonly role: string;
  /** The commit that was reviewed. */
  readonly commit: string;
  /** `failed`: it came to no judgement, and the summary says why. */
  readonly result: 'approved' | 'changes' | 'failed';
  readonly summary: string;
  /** Of `changes`, at most `maxComments`. */
  readonly comments: readonly JudgeComment[];
}

/** A comment in one sentence, with its place first, such as `src/a.ts:12`. */
export function describeComment({ path, line, reason }: JudgeComment): string {
  return `${path}${line === null ? '' : `:${String(line)}`}: ${reason}`;
}

/** A judgement in one sentence. */
export function describeJudgement({ role, result, summary, comments }: Judgement): string {
  switch (result) {
    case 'approved':
      return `${role} approves it: ${summary}`;
    case 'changes':
      return `${role} wants changes (${String(comments.length)}): ${summary}`;
    case 'failed':
      return `The review by ${role} failed: ${summary}`;
  }
}
