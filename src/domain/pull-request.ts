/** Pull requests: the work of a finished task, proposed on the host of the repository's remote. */
import type { Judgement } from './judgement.ts';
import type { TaskId } from './task.ts';
import type { CommandOutcome } from './work-evidence.ts';

/** Pushes the branch of a task that is done, and opens its pull request, or brings the one that is open up to date. */
export interface PrCommand {
  readonly kind: 'pr';
  readonly task: TaskId;
  /** The commit that the user saw. */
  readonly commit: string;
  /** The user knows that the work changes what runs: the host runs it as soon as it is pushed. */
  readonly whatRuns: boolean;
}

/** How a pull request stands on its host. */
export const pullStates = ['open', 'merged', 'closed'] as const;

/** A task's pull request, as its review keeps it. */
export interface PullRequest {
  readonly url: string;
  readonly number: number;
  /** The branch that it would be merged into. */
  readonly into: string;
  /** The commit that was pushed last. */
  readonly commit: string;
  /** As the host told it last. */
  readonly state: (typeof pullStates)[number];
}

/** A task that a proposed one builds on, with its pull request or null. */
export interface PulledDependency {
  readonly id: TaskId;
  readonly pull: PullRequest | null;
  readonly isMerged: boolean;
}

/** The work that is to be proposed. */
export interface PullWork {
  readonly branch: string;
  /** The commit that its own changes begin at; null where that is not known. */
  readonly base: string | null;
  /** The commit that the user saw. */
  readonly commit: string;
  /** The branches that it may be merged into: the first of them that the remote has. */
  readonly into: readonly string[];
  readonly whatRuns: boolean;
}

/** The content of a pull request. The texts may be an agent's. */
export interface PullWords {
  readonly title: string;
  readonly summary: string | null;
  readonly checks: readonly Pick<CommandOutcome, 'argv' | 'ok'>[];
  /** What an agent that reviewed this commit said last; null where none did. */
  readonly judgement: Judgement | null;
  readonly dependsOn: readonly PulledDependency[];
}

/** A pull request as it is sent to the host. */
export interface PullDraft extends PullWork {
  readonly task: TaskId;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

/** The end of a proposal: the pull request is there, or something keeps it from being made, with what to type. */
export type PullOutcome =
  | { readonly kind: 'opened' | 'updated'; readonly pull: PullRequest }
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string };

/** The host of the repository's remote. */
export interface PullRequests {
  /** Pushes the branch and opens its pull request, or brings the one that is open up to date. May be done again. */
  propose(draft: PullDraft): Promise<PullOutcome>;
  /** How a pull request stands; null where the host says nothing that is known. Rejects where it can't be asked. */
  look(url: string): Promise<PullRequest['state'] | null>;
}

/** A pull request whose state is another one by now. */
export interface PullNews {
  readonly id: TaskId;
  readonly state: PullRequest['state'];
}

/** In a sentence, how a task's pull request stands; null where it has none. */
export function describePull(pull: PullRequest | undefined): string | null {
  if (pull === undefined) return null;
  const { number, url, into, state } = pull;
  const named = `Pull request ${String(number)} into \`${into}\``;
  switch (state) {
    case 'open':
      return `${named} is open: ${url}`;
    case 'merged':
      return `${named} was merged, so that \`git pull\` brings it here: ${url}`;
    case 'closed':
      return `${named} was closed without a merge: ${url}`;
  }
}
