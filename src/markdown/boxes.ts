/**
 * The boxes of the dashboard. A comment at the line's end, which only raw text shows, says what a box asks and what its
 * task was like: `<!-- retry add-auth attention 2 -->`; one about a commit names it at the end, one that merges the branch
 * behind it, one that answers an agent at work its question, and one that chooses an answer its number. Others' text can't make one, since the printer escapes it.
 */
import type { Html, ListItem, Nodes } from 'mdast';
import { remark } from 'remark';
import remarkGfm from 'remark-gfm';

import { boxKinds, type Box, type Tick } from '../domain/command.ts';
import { columns, parseTaskId } from '../domain/task.ts';
import { plain, prose } from './safe-text.ts';

/** Stands for the number of a last run that is not known. */
const noRun = '-';
const stampPattern = new RegExp(
  `^<!-- (${boxKinds.join('|')}) (\\S+) (\\S+) (-|\\d{1,6})(?: ([0-9a-f]{40,64})(?: (\\S+))?)?(?: \\?([\\w-]{1,80}))?(?: #(\\d{1,2}))? -->$`,
);
/** A text without this has no ticked box, and is not parsed. */
const mayBeTicked = /\[[xX]\][^\n]*<!-- /;

const parser = remark().use(remarkGfm).freeze();

/** A box, not ticked, as an item of a list. */
export function renderBox(box: Box): ListItem {
  const stamp: Html = { type: 'html', value: formatTick(box) };
  return {
    ...{ type: 'listItem', spread: false, checked: false },
    children: [{ type: 'paragraph', children: [...prose(box.label), plain(' '), stamp] }],
  };
}

/** A box's comment, which is the same for the same box in every dashboard. */
export function formatTick({ kind, task, seen, commit, target, question, option }: Tick): string {
  const about = [kind, task, seen.column, seen.run === null ? noRun : String(seen.run)];
  const work = [...(commit === undefined ? [] : [commit]), ...(target === undefined ? [] : [encodeBranch(target)])];
  const asked = question === undefined ? [] : [`?${question}`];
  const which = [...asked, ...(option === undefined ? [] : [`#${String(option)}`])];
  return `<!-- ${[...about, ...work, ...which].join(' ')} -->`;
}

/** The boxes that are ticked in the generated part of a dashboard, each once. */
export function listTicks(generated: string): readonly Tick[] {
  if (!mayBeTicked.test(generated)) return [];
  const ticks = listItems(parser.parse(generated)).flatMap((item) => (item.checked === true ? readStamps(item) : []));
  return [...new Map(ticks.map((tick) => [formatTick(tick), tick])).values()];
}

/** The comments of all boxes in the generated part of a dashboard, ticked or not. */
export function listOffered(generated: string): ReadonlySet<string> {
  const boxes = listItems(parser.parse(generated)).filter(({ checked }) => typeof checked === 'boolean');
  return new Set(boxes.flatMap(readStamps).map(formatTick));
}

/** Items of lists, also of lists in items; what a quotation holds is others'. */
function listItems(node: Nodes): readonly ListItem[] {
  if (node.type !== 'root' && node.type !== 'list' && node.type !== 'listItem') return [];
  const inner = node.children.flatMap(listItems);
  return node.type === 'listItem' ? [node, ...inner] : inner;
}

function readStamps({ children: [first] }: ListItem): readonly Tick[] {
  if (first?.type !== 'paragraph') return [];
  return first.children.flatMap((node) => (node.type === 'html' ? (readStamp(node.value) ?? []) : []));
}

function readStamp(html: string): Tick | null {
  const [, kindName, id = '', columnName, run, commit, branch, question, option] = stampPattern.exec(html) ?? [];
  const kind = boxKinds.find((each) => each === kindName);
  const task = parseTaskId(id);
  const column = columns.find((each) => each === columnName);
  if (kind === undefined || column === undefined || task === undefined) return null;
  const target = branch === undefined ? null : decodeBranch(branch);
  if (kind === 'merge' && (commit === undefined || target === null)) return null;
  if (kind === 'choose' ? option === undefined : option !== undefined && kind !== 'accept') return null;
  if ((kind === 'restack' || kind === 'discard') && commit === undefined) return null;
  if (kind === 'answer' && question === undefined) return null;
  const seen = { column, run: run === noRun ? null : Number(run) };
  return {
    ...{ kind, task, seen },
    ...(commit === undefined ? {} : { commit }),
    ...(target === null ? {} : { target }),
    ...(question === undefined ? {} : { question }),
    ...(option === undefined ? {} : { option: Number(option) }),
  };
}

/** A branch's name may hold what would end the comment. */
function encodeBranch(name: string): string {
  return encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('--', '-%2D');
}

function decodeBranch(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
