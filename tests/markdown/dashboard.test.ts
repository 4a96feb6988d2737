import type { Nodes, Root } from 'mdast';
import { remark } from 'remark';
import remarkGfm from 'remark-gfm';
import { describe, expect, it } from 'vitest';

import { fc, runs } from '../properties.ts';
import type { Box } from '../../src/domain/command.ts';
import { parseTaskId } from '../../src/domain/task.ts';
import { sendBackBox } from '../../src/core/commands/offers.ts';
import { listTicks } from '../../src/markdown/boxes.ts';
import { limits } from '../../src/domain/limits.ts';
import { listRows, type DashboardModel } from '../../src/markdown/dashboard-model.ts';
import { formatDuration, formatUsd } from '../../src/domain/amounts.ts';
import { renderDashboard } from '../../src/markdown/dashboard.ts';
import { extractNotes, notesHeading, notesHint } from '../../src/markdown/user-zones.ts';

const parser = remark().use(remarkGfm).freeze();
const parse = (markdown: string): Root => parser.parse(markdown);

function textOf(node: Nodes): string {
  if ('value' in node) return node.value;
  return 'children' in node ? node.children.map(textOf).join('') : '';
}

function listNodes(node: Nodes): Nodes[] {
  return [node, ...('children' in node ? node.children.flatMap(listNodes) : [])];
}

const none = { rows: [], omitted: 0 };

const empty: DashboardModel = {
  head: {
    repo: 'shop',
    status: { kind: 'running' },
    needYou: 0,
    toReview: 0,
    slotsUsed: 0,
    slotsTotal: 3,
    waiting: 0,
    costTodayUsd: 0,
    updated: '2026-11-27 14:32:05',
    banner: null,
    warnings: [],
    settingsProblems: [],
  },
  isNew: true,
  quickStatus: none,
  inboxProblems: none,
  needsYou: none,
  strayNotes: none,
  boxOutcomes: [],
  taskWarnings: none,
  ready: none,
  active: none,
  pending: none,
  completedToday: none,
};

const box: Box = {
  ...{ label: 'Try again', kind: 'retry', task: parseTaskId('add-auth') ?? raise() },
  seen: { column: 'attention', run: 2 },
};

const sendBack = sendBackBox(
  parseTaskId('db-schema') ?? raise(),
  { column: 'done', run: 1 },
  '3f2c1a9'.padEnd(40, '0'),
);
const proposalBox: Box = {
  ...{ kind: 'accept', task: parseTaskId('db-schema') ?? raise(), seen: { column: 'done', run: 1 }, option: 1 },
  label: 'Take in `add-index`: Add an index',
};
const mergeBox: Box = {
  ...{ label: 'Merge `3f2c1a9` into `main`', kind: 'merge', task: parseTaskId('db-schema') ?? raise() },
  ...{ seen: { column: 'done', run: 1 }, commit: '3f2c1a9'.padEnd(40, '0'), target: 'main' },
};

function raise(): never {
  throw new Error('no task id');
}

/** A dashboard with every section, `text` in every place that others' text can come to. */
function fill(text: string): DashboardModel {
  const task = { id: text, title: text };
  const problem = {
    severity: 'error' as const,
    file: text,
    line: 3,
    column: 5,
    message: text,
    expected: text,
    hint: text,
  };
  const shared = { ...task, workedMs: 360_000, costUsd: 0.42 };
  const work = {
    verify: 'passed' as const,
    summary: text,
    changesWhatRuns: [text],
    warnings: [text, text],
    takenIn: [text, text],
  };
  const outcomes = [{ time: text, label: text, id: text, said: text }];
  const more = { outcomes, links: [{ words: 'log', path: text }] };
  const review = { ...shared, ...work, ...more, boxes: [box], review: { look: text, take: text }, pull: text };
  return {
    isNew: false,
    head: {
      ...empty.head,
      repo: text,
      status: { kind: 'paused', reason: text, until: text },
      banner: text,
      warnings: [text],
      settingsProblems: [problem],
    },
    quickStatus: listRows([
      { ...task, agent: text, status: 'ACTIVE', progress: text },
      { ...task, agent: text, status: 'WAITING', progress: text },
    ]),
    inboxProblems: listRows([problem]),
    needsYou: listRows([
      {
        ...task,
        headline: text,
        detail: text,
        question: text,
        output: text,
        waitedForBy: 1,
        members: [],
        ...more,
        branch: text,
        // An answer that an agent offers is the words of a box.
        boxes: [{ ...box, label: text }],
        takenIn: [text],
        commands: [text, text],
        warnings: [text, text],
      },
    ]),
    boxOutcomes: outcomes,
    strayNotes: listRows([text]),
    taskWarnings: listRows([{ ...task, warning: problem }]),
    ready: listRows([
      { ...review, work: { kind: 'branch', branch: text, baseBranch: text, commits: 1, diffstat: null } },
      { ...review, work: { kind: 'report', path: text } },
      { ...review, work: { kind: 'nothing-to-do' } },
    ]),
    active: listRows([
      {
        ...task,
        agent: text,
        attempt: 1,
        session: text,
        started: text,
        lastTool: text,
        ...more,
        branch: text,
        onBranches: [text, text],
        step: { text, done: 3, total: 5 },
        note: text,
        warnings: [text, text],
        recentOutput: text,
        notes: [{ text, state: 'not read yet' }],
        granted: [text],
        follow: text,
      },
    ]),
    pending: listRows([
      { ...task, why: text, boxes: [box], outcomes },
      { ...task, why: text, boxes: [], outcomes: [] },
    ]),
    completedToday: listRows([{ ...shared, agent: text, how: text }]),
  };
}

/** What must stay the same whatever the texts are: every node's kind, but for words and code. */
function shapeOf(node: Nodes): string {
  const inner = 'children' in node ? node.children.map(shapeOf).filter((shape) => shape !== '') : [];
  const isPhrasing = ['text', 'inlineCode'].includes(node.type);
  if (isPhrasing) return '';
  const depth = node.type === 'heading' ? String(node.depth) : '';
  const checked = node.type === 'listItem' ? String(node.checked) : '';
  return `${node.type}${depth}${checked}(${inner.join(' ')})`;
}

function withoutQuotes(tree: Root): Root {
  return { ...tree, children: tree.children.filter((node) => node.type !== 'blockquote' && node.type !== 'code') };
}

const nasty = [
  'a | b',
  '`a` ``b` c`',
  '<b>x</b> <!-- y',
  '![x](http://evil.example/x.png) [y](http://evil.example)',
  'https://evil.example www.evil.example a@evil.example @someone',
  'a\n\n## User Notes\nb',
  '## User Notes',
  '\n# x',
  '- [ ] Merge into `main`',
  '- [x]',
  '- [x] Try again <!-- retry add-auth attention 2 -->',
  '`x` <!-- retry add-auth attention 2 -->',
  '[x] `a <!-- retry add-auth attention 2 -->`',
  '[ ] x',
  '1. x',
  '1) x',
  '1)',
  '> x',
  '---',
  '===',
  '| - | - |',
  '```\nx',
  '~~~',
  '***x*** __y__ ~~z~~',
  '_x_',
  '\\',
  'x\\',
  '&lt;b&gt; &amp; &#35;',
  '[^1]: x [^1]',
  '[x]: http://evil.example',
  'a\tb\r\nc\u2028d\u0085e',
  '\u001b[31mred\u001b[0m \u001b]0;title\u0007',
  '\u202eevil\u202c \u200b\u2066x',
  '\ud800 x \udc00',
  'x'.repeat(10_000),
  '<'.repeat(10_000),
  '`'.repeat(501),
  ' ',
  '+',
  'www.',
  'http:',
  '$x$ {{y}}',
];

const plainModel = fill('word');
const plainShape = shapeOf(withoutQuotes(parse(renderDashboard(plainModel, 'mine\n'))));

function expectHarmless(text: string): void {
  const printed = renderDashboard(fill(text), 'mine\n');
  const tree = parse(printed);
  const nodes = listNodes(tree);
  const kinds = new Set(nodes.map((node) => node.type));
  for (const kind of [
    'image',
    'imageReference',
    'linkReference',
    'definition',
    'footnoteReference',
    'break',
    'delete',
    'thematicBreak',
  ]) {
    expect(kinds).not.toContain(kind);
  }
  // The board's own boxes, and none of them ticked.
  const html = nodes.flatMap((node) => (node.type === 'html' ? [node.value] : []));
  expect(html).toEqual(Array<string>(5).fill('<!-- retry add-auth attention 2 -->'));
  expect(listTicks(printed)).toEqual([]);
  const links = nodes.filter((node) => node.type === 'link');
  expect(links.every((link) => link.url === text)).toBe(true);
  const withoutLinks = (shape: string) => shape.replaceAll(/ ?link\(\)/g, '');
  expect(withoutLinks(shapeOf(withoutQuotes(tree)))).toBe(withoutLinks(plainShape));
  const heads = nodes.flatMap((node) => (node.type === 'heading' && node.depth < 3 ? [textOf(node)] : []));
  expect(heads.map((head) => head.replace(/^(Active|branchboard): [^]*/, '$1'))).toEqual([
    'branchboard',
    'Quick Status',
    'Needs You',
    'Ticked Boxes',
    'Warnings',
    'Ready for Review',
    'Active',
    'Pending Queue',
    'Completed Today',
    'User Notes',
  ]);
  const [table] = nodes.filter((node) => node.type === 'table');
  expect(table?.children.map((row) => row.children.length)).toEqual([4, 4, 4]);
  expect(extractNotes(printed)).toEqual({ found: true, notes: 'mine\n' });
  expect(printed).not.toMatch(/[ \t]$/m);
  const invisible = /(?!\n)[\p{Cc}\u200b\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;
  expect(printed).not.toMatch(invisible);
  expect(Buffer.from(printed).toString()).toBe(printed);
}

describe('renderDashboard', () => {
  it('prints the example as it reads in the documentation', () => {
    const model: DashboardModel = {
      ...empty,
      head: { ...empty.head, needYou: 2, toReview: 2, slotsUsed: 2, waiting: 4, costTodayUsd: 1.84 },
      quickStatus: listRows([
        {
          id: 'add-auth',
          title: 'Add authentication',
          agent: 'backend-developer',
          status: 'ACTIVE',
          progress: '6 min · 3/5 Creating middleware · `Bash npm test`',
        },
        { id: 'add-tests', title: 'Add tests', agent: 'tester', status: 'WAITING', progress: 'on `add-auth`' },
      ]),
      needsYou: listRows([
        {
          id: 'review-api',
          title: 'Review API',
          headline: 'has a question',
          question: 'Should the API keep accepting v1 tokens?',
          detail: null,
          output: null,
          waitedForBy: 2,
          members: [],
          branch: 'task/review-api',
          links: [
            { words: 'file and story', path: 'attention/review-api.md' },
            { words: 'log', path: 'runs/review-api/1/stream.jsonl' },
          ],
          warnings: [],
          boxes: [box],
          takenIn: [],
          outcomes: [{ time: '14:02', label: 'Cancel', id: 'review-api', said: 'nothing was done: it went on since' }],
          commands: ['branchboard logs review-api'],
        },
        {
          ...{ id: 'sum', title: 'Sum', headline: 'failed twice: its checks failed', question: null },
          detail: '`npm test` failed:',
          output: '```\n# not ok\n  <b>\n## User Notes\nexpected 3 <!-- cancel sum attention 1 -->\n',
          ...{
            waitedForBy: 0,
            branch: null,
            links: [],
            warnings: [],
            boxes: [],
            takenIn: [],
            outcomes: [],
            commands: [],
            members: [],
          },
        },
        {
          ...{ id: 'a', title: 'One', headline: 'they wait for each other', question: null, detail: 'a → b → a' },
          ...{
            waitedForBy: 1,
            branch: null,
            links: [],
            warnings: [],
            boxes: [],
            takenIn: [],
            outcomes: [],
            commands: [],
            output: null,
          },
          members: ['a', 'b'].map((id) => ({
            ...{ id, title: `Task ${id}`, outcomes: [], boxes: [box] },
            links: [{ words: 'file and story', path: `attention/${id}.md` }],
          })),
        },
      ]),
      ready: listRows([
        {
          id: 'db-schema',
          title: 'Database schema',
          work: {
            kind: 'branch',
            branch: 'task/db-schema',
            baseBranch: 'main',
            commits: 3,
            diffstat: { files: 5, insertions: 120, deletions: 14 },
          },
          changesWhatRuns: ['.mcp.json', 'package.json (scripts)'],
          verify: 'passed',
          workedMs: 360_000,
          costUsd: 0.42,
          summary: 'Added the users and sessions tables, with a migration.',
          pull: null,
          review: { look: 'git diff main...task/db-schema', take: 'branchboard merge db-schema' },
          links: [{ words: 'file and story', path: 'done/db-schema.md' }],
          boxes: [mergeBox, sendBack, proposalBox],
          outcomes: [],
          warnings: ['the MCP server "db" did not start'],
          takenIn: ['`limits` is a task: Add limits'],
        },
        {
          id: 'look',
          title: 'Look around',
          work: { kind: 'report', path: 'runs/look/1/report.md' },
          changesWhatRuns: [],
          verify: 'none',
          workedMs: 45_000,
          costUsd: 0.001,
          summary: null,
          warnings: [],
          ...{ review: null, pull: null, links: [], boxes: [], outcomes: [] },
          takenIn: [],
        },
      ]),
      active: listRows([
        {
          id: 'add-auth',
          title: 'Add authentication',
          agent: 'backend-developer',
          attempt: 1,
          session: '5f0c',
          started: '14:26, 6 min ago',
          ...{ lastTool: 'Bash npm test', links: [{ words: 'file', path: 'active/add-auth.md' }], outcomes: [] },
          branch: 'task/add-auth',
          onBranches: ['task/db-schema'],
          step: { text: 'Creating middleware', done: 3, total: 5 },
          note: null,
          warnings: ['the plugin "x": not found', 'the plugin "y": not found'],
          recentOutput: 'Added JWT validation to auth.ts',
          notes: [{ text: 'use the existing session table', state: 'read 14:31' }],
          granted: [],
          follow: 'branchboard logs add-auth -f',
        },
      ]),
      pending: {
        rows: [{ id: 'add-tests', title: 'Add tests', why: 'waits for `add-auth`', boxes: [box], outcomes: [] }],
        omitted: 7,
      },
      completedToday: listRows([
        {
          id: 'scaffold',
          title: 'Project scaffold',
          agent: 'architecture',
          how: 'merged 13:58',
          workedMs: 720_000,
          costUsd: 0.3,
        },
      ]),
    };
    expect(renderDashboard(model, '- [ ] *mine*  \n')).toMatchInlineSnapshot(`
      "# branchboard: shop

      _Running · 2 need you · 2 to review · 2 of 3 at work · 4 waiting · $1.84 spent today · updated 2026-11-27 14:32:05_

      ## Quick Status

      | Task | Agent | Status | Progress |
      | --- | --- | --- | --- |
      | Add authentication (\`add-auth\`) | backend-developer | ACTIVE | 6 min · 3/5 Creating middleware · \`Bash npm test\` |
      | Add tests (\`add-tests\`) | tester | WAITING | on \`add-auth\` |

      ## Needs You
      Type what a task is to be told, tick a box, and save this file. Or type \`branchboard retry ID\`, \`branchboard retry ID -m "what to do differently"\`, \`branchboard answer ID "your answer"\`, \`branchboard cancel ID\`.

      ### Review API (\`review-api\`): has a question
      > Should the API keep accepting v1 tokens?

      [file and story](attention/review-api.md) · [log](runs/review-api/1/stream.jsonl) · branch \`task/review-api\` · \`branchboard logs review-api\` · 2 tasks wait for it

      - Cancel: nothing was done: it went on since (14:02)
      - [ ] Try again <!-- retry add-auth attention 2 -->

      ### Sum (\`sum\`): failed twice: its checks failed
      > \`npm test\` failed:

      \`\`\`\`text
      \`\`\`
          # not ok
        <b>
          ## User Notes
      expected 3 <! -- cancel sum attention 1 -->
      \`\`\`\`

      ### One (\`a\`) and Task b (\`b\`): they wait for each other
      > a → b → a

      1 task waits for it

      - Task a (\`a\`): [file and story](attention/a.md)
        - [ ] Try again <!-- retry add-auth attention 2 -->
      - Task b (\`b\`): [file and story](attention/b.md)
        - [ ] Try again <!-- retry add-auth attention 2 -->

      ## Ready for Review
      Send one back: type behind its box what is wrong, tick it, and save this file; or comment on its diff: \`branchboard review ID\`. Put one away: \`mv .orchestrator/done/ID.md .orchestrator/archive/\`.

      ### Database schema (\`db-schema\`)
      Branch \`task/db-schema\` for \`main\` · 3 commits · 5 files, +120 −14 · checks passed · 6 min · $0.42 · [file and story](done/db-schema.md)

      - the MCP server "db" did not start

      > Added the users and sessions tables, with a migration.

      **Changes what runs**: \`.mcp.json\`, \`package.json (scripts)\`

      - Look: \`git diff main...task/db-schema\`
      - Take it: \`branchboard merge db-schema\`
      - [ ] Merge \`3f2c1a9\` into \`main\` <!-- merge db-schema done 1 3f2c1a9000000000000000000000000000000000 main -->
      - [ ] Send back \`3f2c1a9\`, because: <!-- send-back db-schema done 1 3f2c1a9000000000000000000000000000000000 -->

      It proposes:

      - [ ] Take in \`add-index\`: Add an index <!-- accept db-schema done 1 #1 -->
      - \`limits\` is a task: Add limits

      ### Look around (\`look\`)
      Report [report.md](runs/look/1/report.md) · 45 s · under $0.01

      ## Active: Add authentication (\`add-auth\`)
      - **Agent**: backend-developer · attempt 1 · session \`5f0c…\` · **Started**: 14:26, 6 min ago · **Branch**: \`task/add-auth\` (on \`task/db-schema\`)
      - **Current step**: Creating middleware (3/5)
      - **Last tool**: \`Bash npm test\`
      - **Warning**: the plugin "x": not found
      - **Warning**: the plugin "y": not found
      - **Recent output**: "Added JWT validation to auth.ts"
      - **Your note**: "use the existing session table" (read 14:31)
      - **Follow it**: \`branchboard logs add-auth -f\` · [file](active/add-auth.md)

      ## Pending Queue
      1. Add tests (\`add-tests\`): waits for \`add-auth\`
         - [ ] Try again <!-- retry add-auth attention 2 -->

      … and 7 more: \`branchboard status\`

      ## Completed Today
      - [x] Project scaffold (\`scaffold\`, architecture) · merged 13:58 · 12 min · $0.30

      ## User Notes
      (Context and priorities for every task that starts from now on. \`@task-id: …\` goes to that task alone.)

      - [ ] *mine*  
      "
    `);
  });

  it('says what to do on an empty board, and leaves empty sections out', () => {
    expect(renderDashboard(empty, '')).toBe(`# branchboard: shop

_Running · 0 need you · 0 to review · 0 of 3 at work · 0 waiting · $0.00 spent today · updated 2026-11-27 14:32:05_

## Quick Status
No tasks yet: drop a markdown file into \`.orchestrator/inbox/\`

${notesHeading}
${notesHint}
`);
  });

  it('says that nothing is left to do once all tasks are merged', () => {
    expect(renderDashboard({ ...empty, isNew: false }, '')).toContain(
      '## Quick Status\nNothing is under way, and nothing waits for you: drop a markdown file into',
    );
  });

  it('shows why the board is paused or stopped, and what is wrong with the settings', () => {
    const problem = {
      severity: 'error' as const,
      file: '.orchestrator/config.yaml',
      line: 2,
      message: 'max_paralel is unknown',
      hint: 'Did you mean `max_parallel`?',
    };
    const paused = renderDashboard(
      {
        ...empty,
        head: {
          ...empty.head,
          status: { kind: 'paused', reason: 'usage limit', until: '16:00' },
          settingsProblems: [problem],
        },
      },
      '',
    );
    expect(paused).toContain('_Paused: usage limit, until 16:00 · 0 need you');
    expect(paused).toContain('- `.orchestrator/config.yaml:2`: max_paralel is unknown. Did you mean `max_parallel`?');
    const stopped = renderDashboard(
      { ...empty, head: { ...empty.head, status: { kind: 'stopped', fault: null } } },
      '',
    );
    expect(stopped).toContain('_Stopped · 0 need you');
    const failed = renderDashboard(
      { ...empty, head: { ...empty.head, status: { kind: 'stopped', fault: 'x is not iterable' } } },
      '',
    );
    expect(failed).toContain('_Stopped by a fault: x is not iterable · 0 need you');
  });

  it('lists so many rows as fit, and says how many more there are', () => {
    const rows = Array.from({ length: limits.maxDashboardRows + 5 }, (_, i) => ({
      id: `t${String(i)}`,
      title: 'T',
      why: 'slot',
      boxes: [],
      outcomes: [],
    }));
    const printed = renderDashboard({ ...empty, pending: listRows(rows) }, '');
    expect(printed).toContain(`${String(limits.maxDashboardRows)}. T`);
    expect(printed).not.toContain(`${String(limits.maxDashboardRows + 1)}. T`);
    expect(printed).toContain('… and 5 more: `branchboard status`');
  });

  it('says beside the work what the user should know of its runs', () => {
    const warnings = ['Run 1: odd.', 'The branch main moved. To undo it: `git branch -f main 1a2b`'];
    const told = '- Run 1: odd.\n- The branch main moved. To undo it: `git branch -f main 1a2b`\n';
    const { needsYou, ready } = fill('x');
    const [attention] = needsYou.rows;
    const [reviewed] = ready.rows;
    if (attention === undefined || reviewed === undefined) throw new Error('nothing to show');
    const needing = renderDashboard({ ...empty, needsYou: listRows([{ ...attention, warnings }]) }, '');
    expect(needing).toMatch(/^## Needs You$/m);
    expect(needing).toContain(told);
    const finished = renderDashboard({ ...empty, ready: listRows([{ ...reviewed, warnings }]) }, '');
    expect(finished).toMatch(/^## Ready for Review$/m);
    expect(finished).toContain(told);
  });

  it('cuts long texts and keeps the lines of a quotation', () => {
    const detail = `first\n\n\n\nsecond\nthird ${'x'.repeat(1_000)}`;
    const entry = {
      id: 'a',
      title: 'y'.repeat(1_000),
      headline: 'failed',
      ...{ output: null, question: null, branch: null, links: [], warnings: [], boxes: [], takenIn: [], outcomes: [] },
      ...{ waitedForBy: 0, commands: [], members: [] },
    };
    const printed = renderDashboard({ ...empty, needsYou: listRows([{ ...entry, detail }]) }, '');
    expect(printed).toContain('> first\n>\n> second\n> third xxx');
    expect(printed).toContain('xxx…\n');
    expect(printed).toContain(`### ${'y'.repeat(limits.maxTitleChars - 1)}… (`);
    expect(printed.length).toBeLessThan(1_200);
  });

  it.each(nasty.map((text) => [JSON.stringify(text).slice(0, 60), text]))('makes %s harmless', (_, text) => {
    expectHarmless(text);
  });

  it('makes any text harmless', () => {
    const piece = fc.oneof(
      fc.constantFrom(...nasty.filter((text) => text.length < 100), 'word', '\n', ' '),
      fc.string({ maxLength: 6 }),
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
    );
    fc.assert(fc.property(texts, expectHarmless), runs(80));
  });

  it('shows the words that were meant', () => {
    const words = fc.array(fc.constantFrom('a', 'b_c', '*d*', '<e>', '#', '|', '1.', '&amp;', '[x]', 'http://f.gh'), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(words, (parts) => {
        const why = parts.join(' ');
        const tree = parse(
          renderDashboard({ ...empty, pending: listRows([{ id: 'a', title: 'T', why, boxes: [], outcomes: [] }]) }, ''),
        );
        const [item] = listNodes(tree).filter((node) => node.type === 'listItem');
        expect(item && textOf(item)).toBe(`T (a): ${why}`);
      }),
      runs(100),
    );
  });

  it('prints plain words as remark does', () => {
    const words = fc.array(fc.constantFrom('a', '.', '-', '_', ' ', '1', ')', '(', ': ', '/', '…', '·', ',', 'é'), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(words, (parts) => {
        const why = parts.join('').replace(/ +/g, ' ').trim();
        fc.pre(why !== '');
        const printed = renderDashboard({ ...empty, head: { ...empty.head, banner: why } }, '').split('\n')[4];
        const expected = parser.stringify({
          type: 'root',
          children: [{ type: 'paragraph', children: [{ type: 'text', value: why }] }],
        });
        expect(printed).toBe(expected.trimEnd());
      }),
      runs(500),
    );
  });
});

describe('formatting', () => {
  it('shows money and time in the unit that fits', () => {
    expect([0, 0.001, 0.42, 12.345].map(formatUsd)).toEqual(['$0.00', 'under $0.01', '$0.42', '$12.35']);
    expect([999, 45_000, 720_000, 3_600_000, 3_900_000].map(formatDuration)).toEqual([
      '0 s',
      '45 s',
      '12 min',
      '1 h',
      '1 h 5 min',
    ]);
  });
});
