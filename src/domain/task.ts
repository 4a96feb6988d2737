/**
 * A task: one markdown file that says what an agent should do.
 *
 * Glossary, used with these meanings everywhere:
 *
 *   task        a unit of work, one markdown file
 *   column      the folder a task's file is in; it is the task's state
 *   run         one attempt of one task by one agent process
 *   attempt     what a task's `retries` count; an interrupted run costs none
 *   role        a template of instructions and permissions that a task names with `agent:`
 *   runner      the kind of agent, such as Claude Code, that works in a run
 *   dependency  a task that must be done before this one starts, and whose work this one's branch contains
 *   attention   what only the user can settle: a second failure, a question, a conflict
 *   verdict     what the board decided of a task when it left `active/`, kept as a fact on disk
 *   plan        the fact, written before a run starts, of what that run is
 *   board       all the tasks of one repository
 */

import type { AgentKind } from './agent-kind.ts';

declare const brand: unique symbol;

/** A task's id as the user wrote it; checked by {@link parseTaskId}. Compare two of them by {@link keyOf}. */
export type TaskId = string & { readonly [brand]: 'TaskId' };

/** A task id folded so that ids that differ only in case are one key. */
export type TaskKey = string & { readonly [brand]: 'TaskKey' };

/** A program and its arguments, never run through a shell. */
export type Argv = readonly [program: string, ...args: string[]];

/** A command as a person would type it in a shell; two commands have the same text only if all their words are the same. */
export function formatCommand(argv: readonly string[]): string {
  return argv.map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)).join(' ');
}

const plainWord = /^[\w@%+=:,./-]+$/;

/** The folders that a task's file moves through once it was accepted. */
export const columns = ['queued', 'active', 'attention', 'done', 'archive'] as const;
/** One of {@link columns}. */
export type Column = (typeof columns)[number];

/** Whether the tasks in a column are finished: done, or put away. */
export function isFinishedColumn(column: Column): boolean {
  return column === 'done' || column === 'archive';
}

/** Priorities, the most urgent first. */
export const priorities = ['high', 'normal', 'low'] as const;
/** One of {@link priorities}. */
export type Priority = (typeof priorities)[number];

/** A dependency as a file names it, which may be by its title. */
export interface DependencyName {
  readonly words: string;
  /** The id that the inbox would make of these words. */
  readonly id: TaskId;
  /** The ids that the words are if they are a list; empty where they can't be one. */
  readonly parts: readonly TaskId[];
}

/** The ids that a name stands for as long as the board knows no task by it: a capital letter makes words a title. */
export function idsOfName({ words, id, parts }: DependencyName): readonly TaskId[] {
  return parts.length > 0 && !/\p{Lu}/u.test(words) ? parts : [id];
}

/** A task's file, parsed and checked. Settings that it leaves out are absent and come from the board's settings. */
export interface TaskSpec {
  readonly id: TaskId;
  readonly title: string;
  /** The role's name. */
  readonly agent: string;
  readonly dependsOn: readonly TaskId[];
  /** The same as the file names them, where it names one otherwise than by its id: the board says which task is meant. */
  readonly dependencyNames?: readonly DependencyName[];
  readonly priority: Priority;
  /** The user's markdown without frontmatter and without the generated story: what the agent is asked to do. */
  readonly body: string;
  /** Paths, relative to the repository, that the agent should read. */
  readonly context: readonly string[];
  /** Globs of what the task will change. */
  readonly touches: readonly string[];
  readonly base?: string;
  /** The kind of agent that works on it. */
  readonly runner?: AgentKind;
  readonly model?: string;
  readonly effort?: string;
  readonly maxTurns?: number;
  readonly budgetUsd?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly verify?: readonly Argv[];
  /** The role that judges its work before the user does; null is none, whatever the settings say. */
  readonly review?: string | null;
  readonly permissionMode?: string;
  readonly allowedTools?: readonly string[];
  /** Whether the plan that it leads to is taken in without its user's word. */
  readonly autoAccept?: boolean;
  /** The task whose agent proposed this one: it never has more rights than that. */
  readonly parent?: TaskId;
  /** Where it was imported from, such as the address of an issue: others wrote it, and it can be given no rights. */
  readonly imported?: string;
}

/** The role whose subtasks are a plan. */
export const plannerRole = 'planner';
/** The role that resolves conflicts of what a task builds on. */
export const integratorRole = 'integrator';

/** The longest id, in characters. */
export const maxTaskIdChars = 64;

const idPattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${String(maxTaskIdChars - 1)}}$`);

/** Checks an id; returns undefined if the text can't be one (it also becomes a branch and a folder name). */
export function parseTaskId(text: string): TaskId | undefined {
  if (!idPattern.test(text) || text.includes('..')) return undefined;
  if (text.endsWith('.') || text.toLowerCase().endsWith('.lock')) return undefined;
  return text as TaskId;
}

/** The key under which a task is known: its id without case. */
export function keyOf(id: TaskId): TaskKey {
  return id.toLowerCase() as TaskKey;
}

/** The name of a task's file in any column. */
export function fileNameOf(id: TaskId): string {
  return `${id}.md`;
}

/** The number of an archived file that has namesakes there. */
const namesakeNumber = /~\d+(?=\.md$)/;

/** Whether a file's name has the number that the archive gives to a namesake. */
export function isNumbered(name: string): boolean {
  return namesakeNumber.test(name);
}

/** A file's name without that number. */
export function withoutNumber(name: string): string {
  return name.replace(namesakeNumber, '');
}

/** The id that a file's name stands for, or null. */
export function idOfFile(name: string): TaskId | null {
  return name.endsWith('.md') ? (parseTaskId(name.slice(0, -'.md'.length)) ?? null) : null;
}

/**
 * Whether a command is git's own for submodules. It writes their addresses into the repository's configuration, which
 * nothing confined may do, and runs no file of the worktree meanwhile.
 */
export function fetchesSubmodules([program, subcommand]: Argv): boolean {
  return program === 'git' && subcommand === 'submodule';
}
