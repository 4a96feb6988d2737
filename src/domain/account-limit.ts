/** What a service says of the limits of the account that its user has. */

/** The stream's last message about the account's usage limits. */
export interface UsageLimit {
  readonly status: 'allowed' | 'allowed-warning' | 'rejected';
  /** Milliseconds since the epoch, or null where it was not told. */
  readonly resetsAt: number | null;
  /** Such as `five_hour`. */
  readonly kind: string | null;
}
