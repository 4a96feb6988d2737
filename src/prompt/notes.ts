/** Selects the user's notes for a task: most are for every task, some are addressed to one as `@its-id: …`. */
import { keyOf, parseTaskId } from '../domain/task.ts';
import type { TaskId } from '../domain/task.ts';
import { fence } from './fence.ts';

/**
 * The notes for one task: the general ones, and those addressed to it. An address reaches to the end of its paragraph
 * or, in a list, of its item. The text is kept as written; empty where there is none for this task.
 */
export function selectNotes(notes: string, task: TaskId): string {
  const key = keyOf(task);
  const kept: string[] = [];
  let leftOut = false;
  for (const { line, address } of addressLines(notes)) {
    const isMine = address === null || address.key === key;
    // Where something was left out, one of the empty lines around it is enough.
    const closesGap: boolean = leftOut && line.trim() === '' && (kept.at(-1) ?? '').trim() === '';
    if (isMine && !closesGap) kept.push(line);
    leftOut = !isMine || closesGap;
  }
  return kept.join('\n').trim();
}

/** What an agent is shown of a note; its task's prompt told it the mark. */
export function composeNote(text: string, mark: string): string {
  return `A note from the user about your task, with the mark ${mark} of such notes. It counts as the task's own text does.\n\n${fence(`note-${mark}`, text)}`;
}

/** What an agent that asked is given: the user's answer. */
export function composeAnswer(text: string, mark: string): string {
  return `The user’s answer to your question, with the mark ${mark} of their notes. Go on by it.\n\n${fence(`answer-${mark}`, text)}`;
}

/** The names that notes are addressed to, each once, as they are written. */
export function listAddresses(notes: string): readonly string[] {
  const names = addressLines(notes).flatMap(({ line, address }) =>
    address === null ? [] : (addressed.exec(line)?.groups?.['id'] ?? []),
  );
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

/** What the notes say to one name each: a paragraph or an item of a list, without the name and the marks before it. */
export function listAddressed(notes: string): readonly { readonly name: string; readonly text: string }[] {
  const blocks = new Map<Address, { readonly name: string; text: string }>();
  for (const { line, address } of addressLines(notes)) {
    if (address === null) continue;
    const known = blocks.get(address);
    if (known !== undefined) known.text += `\n${line.trimEnd()}`;
    else {
      const found = addressed.exec(line);
      blocks.set(address, { name: found?.groups?.['id'] ?? '', text: line.slice(found?.[0].length ?? 0).trim() });
    }
  }
  return [...blocks.values()].filter(({ text }) => text !== '');
}

/** The lines of notes, each with whom it is addressed to; null for all. */
function addressLines(notes: string): readonly { readonly line: string; readonly address: Address | null }[] {
  let address: Address | null = null;
  let codeFence: string | null = null;
  return notes.split('\n').map((line) => {
    if (codeFence === null) address = findAddress(line) ?? (endsAddress(line, address) ? null : address);
    codeFence = nextCodeFence(line, codeFence);
    return { line, address };
  });
}

interface Address {
  /** Null where no task can have that name. */
  readonly key: string | null;
  /** Of the list item that is addressed; null for a paragraph. */
  readonly indent: number | null;
}

const addressed = /^(?<indent>[ \t>]*)(?<bullet>(?:[-*+]|\d{1,9}[.)])[ \t]+)?@(?<id>[A-Za-z0-9][A-Za-z0-9._-]*):/;
const listItem = /^(?<indent>[ \t>]*)(?:[-*+]|\d{1,9}[.)])[ \t]/;

function findAddress(line: string): Address | null {
  const { indent, bullet, id } = addressed.exec(line)?.groups ?? {};
  if (id === undefined) return null;
  const task = parseTaskId(id);
  return {
    key: task === undefined ? null : keyOf(task),
    indent: bullet === undefined ? null : (indent ?? '').length,
  };
}

function endsAddress(line: string, address: Address | null): boolean {
  if (line.trim() === '') return true;
  const indent = listItem.exec(line)?.groups?.['indent'];
  return indent !== undefined && address !== null && address.indent !== null && indent.length <= address.indent;
}

/** The fence of the code block that the next line is in, or null. */
function nextCodeFence(line: string, open: string | null): string | null {
  const marks = /^[ \t>]*(?<marks>`{3,}|~{3,})/.exec(line)?.groups?.['marks'];
  if (marks === undefined) return open;
  if (open === null) return marks;
  return marks.startsWith(open) ? null : open;
}
