/** Words that people try and that are no verbs: some are another name of one, others get the line that does it here. */
import { distance } from 'fastest-levenshtein';
import { nameOf, verbs } from './verbs.ts';

/** Other names of verbs that only show something, so that a guess starts and removes nothing. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['list', 'status'],
  ['ls', 'status'],
  ['ps', 'status'],
  ['log', 'logs'],
  ['version', '--version'],
  ['-v', '--version'],
]);

const start = 'To run the board: branchboard start';
const add = 'To add a task: branchboard add "Add a login page"';
const cancel =
  'To cancel a task and keep its work: branchboard cancel ID. To put a done one away: mv .orchestrator/done/ID.md .orchestrator/archive/';
const take = "To look at a task's work: branchboard diff ID. To take it over: branchboard merge ID";
const open = 'Open .orchestrator/DASHBOARD.md in your editor, or type: branchboard status';

/** What does here what a word means elsewhere. */
const hints: ReadonlyMap<string, string> = new Map([
  ...['run', 'watch', 'up', 'serve'].map((word) => [word, start] as const),
  ...['new', 'create', 'task'].map((word) => [word, add] as const),
  ...['rm', 'remove', 'delete', 'kill', 'archive'].map((word) => [word, cancel] as const),
  ...['accept', 'approve'].map((word) => [word, take] as const),
  ...['open', 'dashboard', 'view'].map((word) => [word, open] as const),
  ['down', 'To end the board: branchboard stop'],
  ['edit', "Open the task's file in your editor: branchboard show ID names it"],
  ['rebase', "To make a task's commits again on what it builds on now: branchboard restack ID"],
  ['config', 'Open .orchestrator/config.yaml in your editor; branchboard doctor says whether it is right'],
  ['history', 'Each thing that happened is a line of .orchestrator/history.jsonl'],
]);

/** The words with the first one as the verb or option that it is another name of. */
export function resolveName([first, ...others]: readonly string[]): readonly string[] {
  return first === undefined ? [] : [otherNames.get(first) ?? first, ...others];
}

/** A word that is no verb gets the line to type instead; null for a verb, and for an option. */
export function findHint(word: string): string | null {
  if (word.startsWith('-') || verbs.some((verb) => nameOf(verb) === word)) return null;
  return hints.get(word.toLowerCase()) ?? findNear(word) ?? 'All commands: branchboard --help';
}

/** A verb that is one slip of the fingers away, or two in a longer word. */
function findNear(word: string): string | null {
  const near = verbs.map(nameOf).find((name) => distance(word.toLowerCase(), name) <= (name.length > 4 ? 2 : 1));
  return near === undefined ? null : `Did you mean: branchboard ${near}`;
}
