/**
 * A branch or tag that is not the task's, or the HEAD of a checkout that is not the board's, and that moved while an
 * agent ran. That the agent did it is likely, not certain.
 */
export interface MovedRef {
  /** Such as `refs/heads/main`, or `HEAD`. */
  readonly ref: string;
  /** Where it was: an object's id, or for a HEAD perhaps the full name of a branch; null where there was none. */
  readonly from: string | null;
  /** Where it is now; null where it is gone; of a HEAD that was only reset the same as before. */
  readonly to: string | null;
  /** The folder of the user's checkout that has it checked out, or whose HEAD it is; null for all others. */
  readonly checkout: string | null;
}
