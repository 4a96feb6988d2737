/** What of a saved dashboard is the user's, outside the notes. */
import { describe, expect, it } from 'vitest';

import type { Box } from '../../src/domain/command.ts';
import { parseTaskId } from '../../src/domain/task.ts';
import { formatTick, listOffered, listTicks, renderBox } from '../../src/markdown/boxes.ts';
import { appendTexts, keysOfLines, readEdits, type Origin } from '../../src/markdown/dashboard-edits.ts';
import { printMarkdown } from '../../src/markdown/printer.ts';

function boxOf(id: string): Box {
  const task = parseTaskId(id);
  if (task === undefined) throw new Error(`no task id: ${id}`);
  return { kind: 'retry', task, seen: { column: 'attention', run: 2 }, label: 'Try again' };
}

const stamp = '<!-- retry add-auth attention 2 -->';
const { kind, task, seen } = boxOf('add-auth');
const tick = { kind, task, seen };

/** A dashboard with a box in an entry of `add-auth`, and a task that was done today. */
const written = `# Orchestrator Dashboard

_Running · 1 of 3 slots · 0 waiting · $0.00 today · updated 14:32:05_

## Quick Status

| Task | Agent | Status | Progress |
| --- | --- | --- | --- |
| Add authentication (\`add-auth\`) | developer | ATTENTION | failed |

## Needs You
### Add authentication (\`add-auth\`): failed
> no commit

- [ ] Try again ${stamp}
- \`branchboard logs add-auth\`

## Completed Today
- [x] Scaffold (\`scaffold\`, developer) · done 13:58

## User Notes
(hint)

mine
`;
const exact = { kind: 'exact', written } as const;
/** Ticks and texts; this dashboard has no places for text. */
function editsIn(saved: string, origin: Origin, taken: string) {
  const { ticks, texts } = readEdits(saved, origin, taken);
  return { ticks, texts: texts.map(({ under, text }) => ({ under, text })) };
}
const typedInto = (after: string, text: string) => written.replace(after, () => `${after}${text}`);
const textsOf = (saved: string) => editsIn(saved, exact, '').texts;

describe('a ticked box', () => {
  it('is read, whichever mark and bullet an editor writes', () => {
    for (const line of ['- [x] Try again', '- [X] Try again', '* [x] Try again', '+ [x]  Try again, please']) {
      const saved = written.replace('- [ ] Try again', line);
      expect(editsIn(saved, exact, '').ticks).toEqual([tick]);
      expect(editsIn(saved.replaceAll('\n', '\r\n'), exact, '').ticks).toEqual([tick]);
    }
    expect(editsIn(written, exact, '')).toEqual({ ticks: [], texts: [] });
  });

  it('counts for nothing where the board did not offer it in that dashboard', () => {
    const other = '- [x] Cancel <!-- cancel other attention 1 -->\n';
    const saved = typedInto('> no commit\n\n', other);
    expect(editsIn(saved, exact, '').ticks).toEqual([]);
    // It is not thrown away either: it is text that somebody typed.
    expect(textsOf(saved)).toEqual([{ under: 'Needs You, add-auth', text: other }]);
  });

  it('counts for nothing in a quotation, in code, or below the notes', () => {
    const [offered, ticked] = [`- [ ] Try again ${stamp}`, `- [x] Try again ${stamp}`];
    for (const text of [
      `> ${ticked}`,
      `\`${ticked}\``,
      `- \`[x] ${stamp}\``,
      `- [x] \\${stamp}`,
      `- [x] \`${stamp}\``,
    ]) {
      expect(editsIn(written.replace(offered, `${offered}\n${text}`), exact, '').ticks).toEqual([]);
    }
    expect(editsIn(`${written}\n${ticked}\n`, exact, '').ticks).toEqual([]);
  });

  it('of a dashboard that is not known any more tells by its comment what was seen', () => {
    const saved = written.replace('- [ ] Try again', '- [x] Try again');
    expect(editsIn(saved, { kind: 'unknown', hasWritten: null }, '')).toEqual({ ticks: [tick], texts: [] });
  });

  it('is named by its comment, whatever the id is', () => {
    for (const id of ['a', 'A.b_c', 'a--b', 'a-', '0', 'x'.repeat(64)]) {
      const box = boxOf(id);
      const children = [{ type: 'list' as const, children: [renderBox(box)] }];
      const printed = printMarkdown({ type: 'root', children });
      expect([...listOffered(printed)]).toEqual([formatTick(box)]);
      expect(listTicks(printed)).toEqual([]);
      expect(listTicks(printed.replace('[ ]', '[x]')).map(formatTick)).toEqual([formatTick(box)]);
    }
  });

  it('is found at once in a file with text that would keep a parser busy', () => {
    const saved = typedInto('> no commit\n\n', `${'- '.repeat(10_000)}\n`).replace('- [ ] Try', '- [x] Try');
    expect(editsIn(saved, exact, '').ticks).toEqual([tick]);
  });
});

describe('text that was typed where the board writes', () => {
  it('is told with the heading above it, byte for byte', () => {
    const text = '  please *use* v2\t\r\n\r\n- [ ] and | this\n';
    expect(textsOf(typedInto('> no commit\n\n', text))).toEqual([{ under: 'Needs You, add-auth', text }]);
    expect(textsOf(typedInto('# Orchestrator Dashboard\n', 'x\n'))).toEqual([{ under: 'the title', text: 'x\n' }]);
    expect(textsOf(typedInto('developer) · done 13:58\n', 'x\n'))).toEqual([{ under: 'Completed Today', text: 'x\n' }]);
  });

  it('may stand in a line of the board, or be one once more', () => {
    const line = '- `branchboard logs add-auth`';
    expect(textsOf(written.replace(line, `${line} was no help`))).toEqual([
      { under: 'Needs You, add-auth', text: `${line} was no help\n` },
    ]);
    expect(textsOf(typedInto(`${line}\n`, `${line}\n`))).toEqual([{ under: 'Needs You, add-auth', text: `${line}\n` }]);
  });

  it('is none where an editor aligned tables, changed bullets and line ends, or a box was ticked', () => {
    const saved = written
      .replace('- [ ] Try', '* [x] Try')
      .replace('- `branchboard', '*   `branchboard')
      .replace('| Task | Agent |', '| Task                            | Agent     |')
      .replace('| --- | --- |', '| ------------------------------- | :-------- |')
      .replace(/^_(.*)_$/m, '*$1*')
      .replaceAll('\n', '\r\n');
    expect(textsOf(saved)).toEqual([]);
  });

  it('is told from the lines of a dashboard that is not known any more, by all that the board ever wrote', () => {
    const lines = new Set(keysOfLines(written));
    const origin = { kind: 'unknown', hasWritten: (key: string) => lines.has(key) } as const;
    const old = written.replace('updated 14:32:05', 'updated 09:00:00').replace('- [ ] Try', '* [x] Try');
    expect(editsIn(old, origin, '')).toEqual({ ticks: [tick], texts: [] });
    const saved = old.replace('> no commit\n', (line) => `${line}use v2\n`);
    expect(editsIn(saved, origin, '').texts).toEqual([{ under: 'Needs You, add-auth', text: 'use v2\n' }]);
    expect(editsIn(saved, origin, 'use v2\n').texts).toEqual([]);
    expect(editsIn(saved, { kind: 'unknown', hasWritten: null }, '').texts).toEqual([]);
  });

  it('is taken once of saves of one dashboard', () => {
    const saved = typedInto('> no commit\n\n', 'one\ntwo\n');
    expect(editsIn(saved, exact, 'one\n').texts).toEqual([{ under: 'Needs You, add-auth', text: 'two\n' }]);
    expect(editsIn(saved, exact, 'one\ntwo\n').texts).toEqual([]);
  });

  it('comes below the notes, with where it came from', () => {
    const texts = [{ under: 'Needs You, add-auth', text: 'use v2\n' }];
    const told = '> (typed under Needs You, add-auth, 14:02)\n\nuse v2\n';
    expect(appendTexts('', texts, '14:02')).toBe(told);
    expect(appendTexts('mine', texts, '14:02')).toBe(`mine\n\n${told}`);
    expect(appendTexts('mine\n', texts, '14:02')).toBe(`mine\n\n${told}`);
  });
});
