/** Exit codes, and the errors that carry one. */

/** The meaning of each exit code. */
export const exitCodes = {
  fine: 0,
  /** A fault of ours. */
  fault: 1,
  /** Wrong usage, or bad input. */
  usage: 2,
  /** Something needs the user (`--until-idle`). */
  needsUser: 3,
  /** Another board runs here. */
  taken: 4,
  /** No git repository, no commit, no agent. */
  notReady: 5,
} as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error for the person at the terminal: what is wrong, and the next thing to type. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | null;

  constructor(exitCode: ExitCode, message: string, hint: string | null = null) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
