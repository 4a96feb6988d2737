/** Marks a dashboard that was printed before as one of a board that a fault has ended, where no board is at hand. */
import { printMarkdown } from './printer.ts';
import { joinTexts, prose } from './safe-text.ts';

/** The line below the title, up to what follows the board's state. */
const state = /^_(?:Running|Paused|Stopped)[^\n]*?(?= · (?:\d+ need you · |\d+ of \d+ slots))/m;

/** The dashboard with the fault in the place of the board's state; all else stays as it is. */
export function markStopped(dashboard: string | null, fault: string): string {
  const text = dashboard ?? '# branchboard\n';
  const children = joinTexts(prose(`Stopped by a fault: ${fault}`));
  const line = printMarkdown({
    type: 'root',
    children: [{ type: 'paragraph', children: [{ type: 'emphasis', children }] }],
  }).trim();
  // The emphasis goes on behind the state.
  if (state.test(text)) return text.replace(state, () => line.slice(0, -1));
  return text.replace(/^(#[^\n]*\n)?/, (title) => `${title}\n${line}\n`);
}
