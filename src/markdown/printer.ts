/** Prints a markdown tree with remark, as tight as the dashboard is written. */
import type { Root, Text } from 'mdast';
import { remark } from 'remark';
import remarkGfm from 'remark-gfm';
import type { Settings } from 'unified';

/**
 * Text that is no markup wherever it stands: words with hyphens, dots and underscores inside them, and a little
 * punctuation. remark tries some 80 patterns on each text, on most of them twice; to let plain words through makes
 * printing five times faster.
 */
const plainWords = /^(?!\d+\)|.*[Ww]\.)(?:[\p{L}\p{N} ,()·…/]|:(?= )|(?<=[\p{L}\p{N}])[-._](?=[\p{L}\p{N}]))*$/u;

type TextHandler = NonNullable<NonNullable<Settings['handlers']>['text']>;

const printText: TextHandler = (node: Text, parent, state, info) => {
  if (plainWords.test(node.value)) return node.value;
  const siblings = parent?.children ?? [];
  const index = state.indexStack.at(-1) ?? 0;
  return state.safe(node.value, { ...info, afterNode: siblings[index + 1], beforeNode: siblings[index - 1] });
};

/** No blank line below a section's heading, or between a line and the quotation that belongs to it. */
function joinTightly(left: { type: string; depth?: number }, right: { type: string }): number | undefined {
  if (left.type === 'heading' && left.depth !== 1 && right.type !== 'table') return 0;
  return left.type === 'paragraph' && right.type === 'blockquote' ? 0 : undefined;
}

const printer = remark()
  .use(remarkGfm, { tablePipeAlign: false })
  .data('settings', {
    bullet: '-',
    emphasis: '_',
    listItemIndent: 'one',
    join: [joinTightly],
    handlers: { text: printText },
  })
  .freeze();

/** The tree as markdown, a newline at its end. */
export function printMarkdown(tree: Root): string {
  return printer.stringify(tree).replace(/^\|(?: - \|)+$/gm, (row) => row.replaceAll('-', '---'));
}
