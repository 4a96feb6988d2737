import { describe, expect, it } from 'vitest';
import { describeStrays } from '../../src/core/strays.ts';
import type { Stray } from '../../src/domain/board.ts';
import { formatDiagnostic } from '../../src/domain/diagnostic.ts';
import { id, Scene, scanOf } from './scene.ts';

const folder: Stray = { kind: 'never-read', what: 'a folder' };

describe('what lies among the tasks’ files and is no task', () => {
  it('is told with the reason and what to type', () => {
    const strays = new Map<string, Stray>([
      ['attention/My thing.md', { kind: 'no-id' }],
      ['inbox/a (1).md', { kind: 'copy', of: id('a') }],
      ['queued/notes', folder],
    ]);
    expect(describeStrays(strays).map(formatDiagnostic)).toEqual([
      ".orchestrator/attention/My thing.md: its name is no id, so that no task is behind it. To have it run: mv '.orchestrator/attention/My thing.md' .orchestrator/inbox/",
      ".orchestrator/inbox/a (1).md: its name is that of a copy of `a`, as sync tools and browsers make them, so it is not run. If it is a task of its own, give it a name of its own: mv '.orchestrator/inbox/a (1).md' .orchestrator/inbox/NAME.md",
      '.orchestrator/queued/notes: this is a folder, which is never read; expected a regular markdown file. The board leaves it alone; it belongs somewhere else.',
    ]);
  });

  it('is told by a few names and a count where there is much of it', () => {
    const many = new Map(Array.from({ length: 500 }, (_, index) => [`queued/x${index}`, folder]));
    const lines = describeStrays(many.set('done/y', folder)).map(formatDiagnostic);
    expect(lines).toHaveLength(5);
    expect(lines[3]).toBe('.orchestrator/queued/: 497 more like this');
  });

  it('has one line of the history, and is shown until it is gone', () => {
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({}) });
    const { facts } = scene.board.revision;
    const scan = scanOf({}, { strays: new Map([['queued/notes', folder]]) });
    scene.tell({ type: 'scanned', scan });
    expect(scene.journal.filter(({ type }) => type === 'inbox-rejected')).toHaveLength(1);
    expect(scene.board.passedOver).toHaveLength(1);
    expect(scene.board.revision.facts).toBe(facts + 1);
    scene.tell({ type: 'scanned', scan });
    expect(scene.board.revision.facts).toBe(facts + 1);
    scene.tell({ type: 'scanned', scan: scanOf({}) });
    expect(scene.board.passedOver).toEqual([]);
    expect(scene.journal).toEqual([]);
  });
});
