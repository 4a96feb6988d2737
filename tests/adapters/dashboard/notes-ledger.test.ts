/** What of saves is the user's, through a thousand changes of the board. */
import { expect, it } from 'vitest';

import { NotesLedger } from '../../../src/adapters/dashboard/notes-ledger.ts';
import * as zones from '../../../src/markdown/dashboard-zones.ts';
import { fc, runs } from '../../properties.ts';

const events = 1_000;

/** A dashboard at one moment: what the board writes differs from event to event. */
function compose(event: number, notes: string): string {
  const at = new Date(event * 1_000).toISOString().slice(11, 19);
  const tasks = [...new Set([event % 7, event % 11])].map((n) => `t${String(n)}`);
  const rows = tasks.map((id) => `| Task (\`${id}\`) | developer | ACTIVE | ${String(event % 5)}/5 Step |\n`);
  const entries = tasks.map(
    (id) =>
      `### Task (\`${id}\`): failed\n> no commit\n\n- [ ] Try again <!-- retry ${id} attention ${String(event)} -->\n` +
      `- [ ] Try again, and tell it: <!-- tell ${id} attention 1 -->\n`,
  );
  return zones.replaceNotes(
    `# Orchestrator Dashboard\n\n_Running · 1 of 3 slots · 0 waiting · $0.00 today · updated ${at}_\n\n` +
      `## Quick Status\n\n| Task | Agent | Status | Progress |\n| --- | --- | --- | --- |\n${rows.join('')}\n` +
      `## Needs You\n${entries.join('\n')}\n`,
    notes,
  );
}

/** Lines as people type them; each is one of a kind, so that it can be found again. */
const typedLine = fc.constantFrom('- [x] Merge ', '> ', '  *so* ', '| a | ', '`code` ', '1. ', '\t', '<!-- ', '~~~');

/** One edit: loaded at an event, saved some events later, with lines at places of the file, and perhaps a tick. */
const edit = fc.record({
  at: fc.nat({ max: events - 1 }),
  keptFor: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 200 })),
  lines: fc.array(fc.tuple(typedLine, fc.nat({ max: 1_000 })), { maxLength: 3 }),
  isTicked: fc.boolean(),
  isTwice: fc.boolean(),
  ends: fc.constantFrom('\n', '\r\n'),
});

it('what is typed anywhere in the file survives a thousand changes of the board, and each tick counts once', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (edits) => {
      const ledger = new NotesLedger(zones);
      let file = compose(0, '');
      ledger.setWritten(file);
      const [typed, ticked]: [string[], Set<string>] = [[], new Set()];
      const saves = new Map<number, string[]>();
      for (let event = 1; event <= events; event += 1) {
        for (const [i, { at, keptFor, lines, isTicked, isTwice, ends }] of edits.entries()) {
          if (at !== event) continue;
          const buffer = file.split('\n');
          for (const [n, [beginning, place]] of lines.entries()) {
            const line = `${beginning}typed ${String(i)}.${String(n)}`;
            typed.push(`${line}${ends}`);
            buffer.splice(1 + (place % (buffer.length - 1)), 0, line + ends.slice(0, -1));
          }
          const open = buffer.findIndex((line) => line.startsWith('- [ ] Try again'));
          if (isTicked && open !== -1) {
            ticked.add(/<!--.*-->/.exec(buffer[open] ?? '')?.[0] ?? '');
            buffer[open] = (buffer[open] ?? '').replace('[ ]', '[x]');
          }
          for (const late of isTwice ? [0, 7] : [0]) {
            const due = Math.min(events, event + keptFor + late);
            saves.set(due, [...(saves.get(due) ?? []), buffer.join('\n')]);
          }
        }
        for (const save of saves.get(event) ?? []) ledger.takeSave(save, null);
        let composed = compose(event, ledger.notes);
        if (ledger.moveDrafts(composed)) composed = compose(event, ledger.notes);
        file = zones.putDrafts(composed, ledger.drafts);
        ledger.setWritten(file);
      }
      for (const line of typed) expect(file.split(line)).toHaveLength(2);
      expect(ledger.ticks.map(zones.formatTick).toSorted()).toEqual([...ticked].toSorted());
    }),
    runs(20),
  );
});
