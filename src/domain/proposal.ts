/**
 * Tasks that an agent proposes: in its structured result, by its tool while it works, or as a follow-up of one line. They
 * are data and nothing more until their user accepts them; each is an ordinary file of the inbox then, with its parent's name.
 */
import type { CommandId } from './command.ts';
import { makeTaskId } from './slug.ts';
import { maxTaskIdChars, type TaskId } from './task.ts';
import { touchSame } from './touches.ts';

/** One task as its agent proposes it. */
export interface Proposal {
  /** The name that the others of the same agent call it by; as far as it is free, its id. */
  readonly name: string;
  readonly title: string;
  /** In markdown. */
  readonly body: string;
  /** The role's name; null is the board's default. */
  readonly agent: string | null;
  /** Names of others that are proposed with it, or ids of tasks that are there. */
  readonly dependsOn: readonly string[];
  /** As {@link TaskSpec.touches}. */
  readonly touches: readonly string[];
  /** How its work is checked: command lines, as words to who does it. */
  readonly verify: readonly string[];
}

/** A proposal that was taken in. */
export interface TakenProposal {
  readonly name: string;
  /** The id that the task got. */
  readonly id: TaskId;
  /** The command that took it in. */
  readonly by: CommandId;
}

/** A proposal as it is offered. */
export interface OfferedProposal extends Proposal {
  /** Counted from 1; it stays when others are taken in. */
  readonly number: number;
  readonly taken: TakenProposal | null;
}

/** The part of a verdict that is about proposals. */
export interface Proposed {
  readonly proposals: readonly Proposal[];
  readonly followUps: readonly string[];
  readonly taken: readonly TakenProposal[];
}

/** All that a run proposes, each under a name of its own. */
export function listProposals({ proposals, followUps, taken }: Proposed): readonly OfferedProposal[] {
  const used = new Set<string>();
  return [...proposals, ...followUps.map(proposeFollowUp)].map((proposal, index) => {
    const name = numberName(proposal.name, (each) => used.has(each.toLowerCase()));
    used.add(name.toLowerCase());
    return { ...proposal, name, number: index + 1, taken: taken.find((each) => each.name === name) ?? null };
  });
}

function proposeFollowUp(text: string): Proposal {
  const none = { agent: null, dependsOn: [], touches: [], verify: [] };
  return { name: makeTaskId(text), title: text, body: text, ...none };
}

/** The name, with a number where it is taken; an id stays one. */
export function numberName(name: string, isTaken: (name: string) => boolean): string {
  for (let number = 1; ; number++) {
    const end = number === 1 ? '' : `-${String(number)}`;
    const candidate = `${name.slice(0, maxTaskIdChars - end.length)}${end}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/**
 * Why a plan of at most `maxSubtasks` can't be one, in sentences for its agent; null where it can. Names that it does not
 * make may be tasks of the board.
 */
export function explainPlan(proposals: readonly Proposal[], maxSubtasks: number): string | null {
  const names = proposals.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (proposals.length > maxSubtasks) {
    return `The plan has more than ${String(maxSubtasks)} subtasks. Make fewer and larger ones.`;
  }
  if (twice !== undefined) return `Two subtasks have the id ${twice}. Give each an id of its own.`;
  const left = new Map(proposals.map((each) => [each.name.toLowerCase(), each]));
  for (;;) {
    const free = [...left].filter(([, { dependsOn }]) => !dependsOn.some((name) => left.has(name.toLowerCase())));
    if (free.length === 0) break;
    for (const [name] of free) left.delete(name);
  }
  return left.size === 0
    ? null
    : `These subtasks wait for each other: ${[...left.keys()].join(', ')}. Take one of their \`depends_on\` out.`;
}

/**
 * What each of the chosen ones waits for, by name or id, in their order. It waits for what one that is left out would have
 * waited for. Two that touch the same files are put in order, the earlier one first.
 */
export function orderProposals(
  all: readonly OfferedProposal[],
  chosen: readonly OfferedProposal[],
): ReadonlyMap<OfferedProposal, readonly string[]> {
  const byName = new Map(all.map((each) => [each.name.toLowerCase(), each]));
  const waits = new Map(chosen.map((each) => [each, listWaits(each)] as const));
  for (const [index, later] of chosen.entries()) {
    for (const earlier of chosen.slice(0, index)) {
      const isApart = !touchSame(later.touches, earlier.touches);
      if (isApart || leadsTo(later, earlier) || leadsTo(earlier, later)) continue;
      waits.set(later, [...(waits.get(later) ?? []), earlier.name]);
    }
  }
  return waits;

  function listWaits(proposal: OfferedProposal): readonly string[] {
    const [found, seen, open] = [new Set<string>(), new Set([proposal]), [...proposal.dependsOn]];
    for (let name = open.shift(); name !== undefined; name = open.shift()) {
      const other = byName.get(name.toLowerCase());
      if (other === undefined || chosen.includes(other) || other.taken !== null) found.add(other?.name ?? name);
      else if (!seen.has(other)) open.push(...other.dependsOn);
      if (other !== undefined) seen.add(other);
    }
    return [...found];
  }

  function leadsTo(from: OfferedProposal, to: OfferedProposal): boolean {
    const [seen, open] = [new Set<OfferedProposal>(), [from]];
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      if (each === to) return true;
      if (seen.has(each)) continue;
      seen.add(each);
      open.push(...(waits.get(each) ?? []).flatMap((name) => byName.get(name.toLowerCase()) ?? []));
    }
    return false;
  }
}
