/**
 * Composes the words of a pull request. What agents wrote must do nothing on the host: it calls nobody, closes no issue,
 * leads nowhere and is no markup. So each word that a host could take for a name, a reference or an address becomes code.
 */
import type { BlockContent, PhrasingContent, Root } from 'mdast';
import { describeComment, describeJudgement, type Judgement } from '../domain/judgement.ts';
import { limits } from '../domain/limits.ts';
import type { PulledDependency, PullWords } from '../domain/pull-request.ts';
import { formatCommand, type TaskId } from '../domain/task.ts';
import { intersperse, item, list, paragraph, strong } from './markdown-nodes.ts';
import { printMarkdown } from './printer.ts';
import { cleanLine, cleanLines, code, plain } from './safe-text.ts';

/** A text in backticks, or a word that a host may act on. */
const active = /(`[^`]+`|[^\s`]*(?:@|#\d|\bGH-\d|:\/\/|\bwww\.)[^\s`]*)/i;

/** The title, on one line. It can hold no code, and may become a commit's message, so that such words are broken up. */
export function composePullTitle(title: string): string {
  return cleanLine(title, limits.maxPullTitleChars).replace(
    /@(?=\S)|#(?=\d)|GH-(?=\d)|:(?=\/\/)|\bwww\.(?=\S)/gi,
    '$& ',
  );
}

/** The body, as markdown. */
export function composePullBody(task: TaskId, { summary, checks, judgement, dependsOn }: PullWords): string {
  const said = summary === null ? [] : splitParagraphs(cleanLines(summary, limits.maxPullTextChars));
  const passed = checks.map(({ argv, ok }) => [code(formatCommand(argv)), plain(ok ? ': passed' : ': failed')]);
  const body: Root = {
    type: 'root',
    children: [
      ...said.map((lines) => paragraph(intersperse(lines.map(inert), '\n'))),
      ...(passed.length === 0
        ? [paragraph([plain('No checks ran.')])]
        : [paragraph([strong('Checks')]), ...list(passed.map((each) => item(each)))]),
      ...(judgement === null ? [] : describeReview(judgement)),
      ...(dependsOn.length === 0
        ? []
        : [paragraph([strong('Builds on')]), ...list(dependsOn.map((each) => item(nameDependency(each))))]),
      paragraph([plain('Task: '), code(task)]),
    ],
  };
  return printMarkdown(body);
}

function describeReview(judgement: Judgement): BlockContent[] {
  const said = (text: string): PhrasingContent[] => inert(cleanLine(text, limits.maxPullTextChars));
  const comments = judgement.comments.map((each) => item(said(describeComment(each))));
  return [
    paragraph([strong('Review by an agent'), plain(': '), ...said(describeJudgement(judgement))]),
    ...list(comments),
  ];
}

function nameDependency({ id, pull, isMerged }: PulledDependency): PhrasingContent[] {
  const isOver = isMerged || pull?.state === 'merged';
  const state = isOver ? ', which is merged' : pull === null ? ', which has no pull request' : '';
  return [code(id), plain(`${pull === null ? '' : ` in #${String(pull.number)}`}${state}`)];
}

function inert(line: string): PhrasingContent[] {
  return line.split(active).flatMap((part, at): PhrasingContent[] => {
    if (part === '') return [];
    return [at % 2 === 0 ? plain(part) : code(part.replace(/^`|`$/g, ''))];
  });
}

function splitParagraphs(lines: readonly string[]): readonly (readonly string[])[] {
  const blocks: string[][] = [[]];
  for (const line of lines) {
    if (line === '') blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.filter((block) => block.length > 0);
}
