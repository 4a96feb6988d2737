/** The result of one check of `doctor`. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** How to mend it. */
  readonly hint?: string;
}
