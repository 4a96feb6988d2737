/** Reads tasks that an agent proposes, out of its structured result or a tool call; what is no task is left out. */
import { limits } from '../../../domain/limits.ts';
import type { Proposal } from '../../../domain/proposal.ts';
import { makeTaskId } from '../../../domain/slug.ts';
import { parseTaskId } from '../../../domain/task.ts';
import { stripHidden, toVisibleLine } from '../../../domain/visible-text.ts';
import { keepStart } from '../../machine/bounded-text.ts';
import { asArray, asObject, asString } from '../../machine/json-shape.ts';

/** Names, files and commands that one of them lists. */
const maxListed = 32;

/** The JSON schema of one; {@link readProposal} reads it. */
export const proposalSchema = {
  type: 'object',
  properties: {
    id: { type: 'string', description: 'Short and in kebab-case, such as add-login.' },
    title: { type: 'string' },
    body: {
      type: 'string',
      description:
        'The whole instruction, in markdown, for an agent that sees nothing else: why, what, how to tell that it is done.',
    },
    agent: { type: 'string', description: 'The role that does it, such as backend-developer.' },
    depends_on: {
      type: 'array',
      items: { type: 'string' },
      description: 'Ids of tasks that must be done before: of this proposal, or of the board.',
    },
    touches: { type: 'array', items: { type: 'string' }, description: 'Paths or globs of what it will change.' },
    verify: { type: 'array', items: { type: 'string' }, description: 'Commands that show that it is done.' },
  },
  required: ['title', 'body'],
  additionalProperties: false,
} as const;

/** Null where it has no title or no text. */
export function readProposal(value: unknown): Proposal | null {
  const read = asObject(value);
  const title = line(read?.['title']);
  const body = keepStart(stripHidden(asString(read?.['body']) ?? '').trim(), limits.maxProposalChars);
  if (title === '' || body === '') return null;
  const [id, agent] = [line(read?.['id']), line(read?.['agent'])];
  return {
    name: nameOf(id === '' ? title : id),
    title,
    body,
    agent: agent === '' ? null : agent,
    dependsOn: lines(read?.['depends_on']).map(nameOf),
    touches: lines(read?.['touches']),
    verify: lines(read?.['verify']),
  };
}

/** At most one more than may be proposed, so that too many can be told. */
export function readProposals(value: unknown): readonly Proposal[] {
  return asArray(value)
    .slice(0, limits.maxSubtasks + 1)
    .flatMap((item) => readProposal(item) ?? []);
}

function nameOf(text: string): string {
  return parseTaskId(text) ?? makeTaskId(text);
}

function lines(value: unknown): readonly string[] {
  const all = asArray(value).map(line);
  return [...new Set(all)].filter((text) => text !== '').slice(0, maxListed);
}

function line(value: unknown): string {
  return keepStart(toVisibleLine(asString(value) ?? '').trim(), limits.maxTitleChars);
}
