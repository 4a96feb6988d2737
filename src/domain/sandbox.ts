/** Whether agents and the commands that run their files are confined by the operating system. */

/** The setting: `auto` confines where the machine can, `on` insists, `off` is the user's word. */
export type SandboxMode = 'auto' | 'on' | 'off';

/** The result of the trial at the start of the board. */
export type Sandbox =
  /** Every command of an agent, of `verify` and of `setup` runs inside. */
  | { readonly kind: 'on' }
  /** The user switched it off. */
  | { readonly kind: 'off' }
  /** The machine can't; `why` names what is missing and `hint` what to type. */
  | { readonly kind: 'missing'; readonly why: string; readonly hint: string };
