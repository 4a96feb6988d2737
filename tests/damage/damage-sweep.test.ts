/**
 * Each file that a board keeps is damaged in five ways, one at a time, and the board is run: what comes of it stands in
 * the table. Whatever is damaged, nothing is lost that another file or a ref still holds.
 *
 * `npm test` takes every twenty-first of the cases, which meets each way of damage; `npm run test:damage` takes all.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { TaskKey } from '../../src/domain/task.ts';
import { endPlaces, PinnedBoard, removeHome } from './pinned-board.ts';

const damages = ['emptied', 'cut in half', 'filled with something else', 'replaced by a folder', 'removed'] as const;
type Damage = (typeof damages)[number];
const unreadable: readonly Damage[] = damages.filter((damage) => damage !== 'removed');
const gone: readonly Damage[] = ['replaced by a folder', 'removed'];
const changed: readonly Damage[] = damages.filter((damage) => !gone.includes(damage));

/** What comes of damage to a file, beside that all goes on as it would have. */
interface Outcome {
  readonly file: string;
  /** The file's text before the damage, where the pinned board has none. */
  readonly holds?: string;
  /** Every kind, unless it says otherwise. */
  readonly on?: readonly Damage[];
  /** Tasks that end elsewhere; undefined is nowhere. */
  readonly places?: Readonly<Record<string, string | undefined>>;
  /** Where and how it is told; of what is made again from the same board, or says nothing that counts, nothing is. */
  readonly told: { readonly history: string } | { readonly dashboard: string } | null;
  /** The board keeps the damaged file beside the one that takes its place. */
  readonly isKept?: boolean;
}

const missing = (file: string): Outcome['told'] => ({ history: `${file} can't be understood and counts as missing` });
/** A verdict that its run's record tells as well. */
const remade = (id: string, run: number): readonly Outcome[] => {
  const file = `runs/${id}/verdict.json`;
  const from = `made again from run ${String(run)}`;
  return [
    { file, on: unreadable, told: { history: `${file} can't be understood and was ${from}` }, isKept: true },
    { file, on: ['removed'], told: { history: `${file} was gone and was ${from}` } },
  ];
};

const outcomes: readonly Outcome[] = [
  // The verdicts of finished tasks, and of those that wait for their user.
  ...['page', 'left', 'merged', 'scout', 'asker'].flatMap((id) => remade(id, 1)),
  ...remade('broken', 2),
  { file: 'runs/clash/verdict.json', on: unreadable, told: missing('runs/clash/verdict.json') },
  { file: 'runs/clash/verdict.json', on: ['removed'], told: { dashboard: '`clash`): put aside' } },
  // Whether a task was cancelled after it was done, its run does not tell.
  {
    file: 'runs/old/verdict.json',
    on: unreadable,
    places: { rights: 'queued' },
    told: { dashboard: "whose `.orchestrator/runs/old/verdict.json` can't be understood: `branchboard retry old`" },
  },
  {
    file: 'runs/old/verdict.json',
    on: ['removed'],
    places: { rights: 'queued' },
    told: { dashboard: 'waits for `old`, which was cancelled' },
  },
  { file: 'runs/gone/verdict.json', told: null },
  // What became of finished work since: git tells that of what is merged, and the rest waits for its review again.
  ...['page', 'merged'].flatMap((id): readonly Outcome[] => {
    const file = `runs/${id}/review.json`;
    const holds = JSON.stringify({ version: 1, round: 1, state: 'merged', at: 1 });
    const remade = { history: `${file} can't be understood and was made again` };
    return [
      { file, holds, on: unreadable, told: remade, isKept: true },
      { file, holds, on: ['removed'], told: null },
    ];
  }),
  // What the verdict says as well is not asked for.
  ...['plan.json', 'exit.json', 'claim', 'refs.json', 'stream.jsonl', 'prompt.md'].map((name): Outcome => ({
    file: `runs/page/1/${name}`,
    told: null,
  })),
  { file: 'runs/scout/1/report.md', told: null },
  { file: 'runs/asker/1/exit.json', on: unreadable, told: missing('runs/asker/1/exit.json') },
  { file: 'runs/broken/2/plan.json', on: unreadable, told: missing('runs/broken/2/plan.json') },
  // A run that was under way or broken off begins again.
  ...['busy', 'limited'].flatMap((id): readonly Outcome[] => {
    const file = `runs/${id}/1/plan.json`;
    return [
      { file, on: unreadable, told: missing(file) },
      { file, on: ['removed'], told: null },
    ];
  }),
  { file: 'runs/limited/1/exit.json', on: unreadable, told: missing('runs/limited/1/exit.json') },
  { file: 'runs/limited/1/exit.json', on: ['removed'], told: null },
  ...['claim', 'refs.json', 'stream.jsonl', 'stderr.log', 'prompt.md', 'settings.json'].map((name): Outcome => ({
    file: `runs/busy/1/${name}`,
    told: null,
  })),
  // The next start meets the same limit, if it is still there.
  { file: 'hold.json', told: null },
  // What can't be understood grants nothing.
  { file: 'grants/rights.json', places: { rights: 'queued' }, told: { dashboard: '`rights`): asks for rights' } },
  // Derived, or only added to.
  { file: 'queue.json', on: damages.filter((damage) => damage !== 'replaced by a folder'), told: null },
  { file: 'queue.json', on: ['replaced by a folder'], told: { history: 'write the dashboard' } },
  { file: 'history.jsonl', on: damages.filter((damage) => damage !== 'replaced by a folder'), told: null },
  { file: 'history.jsonl', on: ['replaced by a folder'], told: { dashboard: "can't write the history" } },
  { file: 'DASHBOARD.md', told: null },
  // The user's own: what is changed counts as it stands, and what is gone was deleted. What can't be read is told.
  {
    file: 'queued/next.md',
    on: ['emptied', 'cut in half'],
    places: { next: 'queued' },
    told: { dashboard: '.orchestrator/queued/next.md' },
  },
  { file: 'queued/next.md', on: ['filled with something else'], told: null },
  { file: 'queued/next.md', on: gone, places: { next: undefined }, told: null },
  {
    file: 'inbox/fresh.md',
    on: ['emptied'],
    places: { fresh: 'inbox' },
    told: { dashboard: '.orchestrator/inbox/fresh.md' },
  },
  { file: 'inbox/fresh.md', on: ['cut in half', 'filled with something else'], told: null },
  {
    file: 'inbox/fresh.md',
    on: ['replaced by a folder'],
    places: { fresh: undefined },
    told: { dashboard: 'this is a folder, which is never read' },
  },
  { file: 'inbox/fresh.md', on: ['removed'], places: { fresh: undefined }, told: null },
  {
    file: 'active/busy.md',
    on: ['emptied'],
    places: { busy: 'attention', later: 'queued' },
    told: { dashboard: '`busy`): failed: it could not be set up' },
  },
  { file: 'active/busy.md', on: ['cut in half', 'filled with something else'], told: null },
  {
    file: 'active/busy.md',
    on: gone,
    places: { busy: undefined, later: 'queued' },
    told: { dashboard: 'waits for `busy`, which does not exist yet' },
  },
  { file: 'attention/asker.md', on: changed, told: null },
  { file: 'attention/asker.md', on: gone, places: { asker: undefined }, told: null },
  { file: 'done/page.md', on: changed, told: null },
  {
    file: 'done/page.md',
    on: gone,
    places: { page: undefined, next: 'queued' },
    told: { dashboard: 'waits for `page`, which does not exist yet' },
  },
];

const cases = outcomes.flatMap((outcome) => (outcome.on ?? damages).map((damage) => ({ ...outcome, damage })));
const share = process.env['DAMAGE'] === 'all' ? cases : cases.filter((_, index) => index % 21 === 0);

afterAll(removeHome);

describe.concurrent('a board goes on and loses nothing else', () => {
  test.each(share)('where $file is $damage', async ({ file, holds, damage, places = {}, told, isKept = false }) => {
    const board = new PinnedBoard('first');
    try {
      const [refs, path] = [board.refs(), board.path(file)];
      if (holds !== undefined) writeFileSync(path, holds);
      const damaged = inflict(path, damage);
      await board.runUntilIdle();

      const found = board.places();
      const expected = Object.fromEntries(Object.entries({ ...endPlaces, ...places }).filter(([, place]) => place));
      expect(found).toEqual(expected);
      expect(board.listLost(refs)).toEqual([]);
      for (const [id, place] of Object.entries(found)) {
        if (!file.endsWith(`/${id}.md`)) expect(board.read(place, `${id}.md`)).toContain(`Do what ${id} is for.`);
      }
      for (const [id, on] of [
        ['next', 'page'],
        ['rights', 'old'],
        ['later', 'busy'],
      ] as const) {
        if (found[id] === 'done' && file !== `queued/${id}.md`)
          expect(board.contains(`task/${id}`, refs.get(`refs/heads/task/${on}`))).toBe(true);
      }
      expect(board.read('DASHBOARD.md')).toContain('Tabs, please; and no semicolons.');
      const reviews = ['page', 'merged'].map((id) => board.board?.finished.get(id as TaskKey)?.review?.state);
      if (file !== 'done/page.md' && found['page'] === 'done') expect(reviews).toEqual(['ready', 'merged']);
      if (told !== null && 'history' in told) expect(board.history()).toContain(told.history);
      if (told !== null && 'dashboard' in told) expect(board.read('DASHBOARD.md')).toContain(told.dashboard);
      expect(existsSync(`${path}.damaged`)).toBe(isKept);
      if (isKept && damaged !== null) expect(readFileSync(`${path}.damaged`, 'utf8')).toBe(damaged);
    } finally {
      board.remove();
    }
  });
});

/** Gives what the file holds from then on, or null where there is none. */
function inflict(path: string, damage: Damage): string | null {
  const text = readFileSync(path, 'utf8');
  const damaged = damage === 'emptied' ? '' : damage === 'cut in half' ? text.slice(0, text.length / 2) : other(path);
  rmSync(path);
  if (damage === 'replaced by a folder') mkdirSync(path);
  if (gone.includes(damage)) return null;
  writeFileSync(path, damaged);
  return damaged;
}

/** Something of the same kind of file that is not what should be there. */
function other(path: string): string {
  if (/\.jsonl?$/.test(path)) return '{"version":1,"other":true}\n';
  return path.endsWith('.md') ? '# Something else\n\nOther words.\n' : 'other\n';
}
