/** What one check of `doctor` found. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** How to mend it. */
  readonly hint?: string;
}
