import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/domain/diagnostic.ts';
import { parseTaskFile } from '../../src/markdown/task-file.ts';

function parse(...lines: readonly string[]) {
  const text = ['---', ...lines, '---', 'Do it', ''].join('\n');
  const { value, diagnostics } = parseTaskFile(text, { file: 'b.md', fileName: 'b.md' });
  return { value, said: diagnostics.map((each) => `${each.severity}: ${formatDiagnostic(each)}`) };
}

describe("another tool's word for dependencies", () => {
  it.each([
    ...['depends_on', 'dependsOn', 'depends-on', 'Depends On', 'DEPENDS_ON', 'DependsOn', 'depends.on', 'dependencies'],
    ...[
      'dependency',
      'Dependencies',
      'blocked_by',
      'blockedBy',
      'blocked-by',
      'Blocked by',
      'blockers',
      'after',
      'After',
    ],
    ...['requires', 'Requires', 'required', 'needs', 'NEEDS', 'deps', 'prerequisites', 'prerequisite', 'prereqs'],
    ...['waits_for', 'waitsFor', 'wait_until', 'predecessors', 'run_after', 'depends', 'follows'],
  ])('is read, whatever its case and separators: %s', (key) => {
    expect(parse(`${key}: [a]`)).toMatchObject({ value: { dependsOn: ['a'] }, said: [] });
  });

  it('counts beside another one, and each task once', () => {
    expect(parse('depends_on: [a, x]', 'needs: X', 'blockedBy: c').value?.dependsOn).toEqual(['a', 'x', 'c']);
  });

  it.each([
    ...['depend_on', 'depends_onn', 'dpends_on', 'depends_o', 'dependes_on', 'block_by', 'blocked_byy', 'blokced_by'],
    ...['requirs', 'prerequsites', 'task_dependencies', 'dependency_list', 'aftr', 'neds'],
  ])('that is misspelt is refused, never passed over: %s', (key) => {
    const { value, said } = parse(`${key}: [a]`);
    expect(value).toBeUndefined();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^error: b\.md:2:1: unknown key .*; expected `depends_on`/);
  });

  it.each(['blocks', 'blocking', 'before', 'Required_By', 'dependents', 'successors', 'unblocks', 'prerequisite_of'])(
    'for the opposite order is refused with what to write: %s',
    (key) => {
      const { value, said } = parse(`${key}: [a, c]`);
      expect(value).toBeUndefined();
      expect(said).toEqual([
        `error: b.md:2:1: "${key}" names tasks that wait for this one, which is not read here; expected \`depends_on\` in the files of those that wait. Take it out, and write this task's id under \`depends_on\` in the file of "a", "c".`,
      ]);
    },
  );

  it.each(['order: 2', 'sequence: 1', 'run_order: 3'])('by number is refused: %s', (line) => {
    expect(parse(line)).toMatchObject({
      value: undefined,
      said: [expect.stringContaining('knows no numbers of tasks')],
    });
  });

  it.each(['meta: {depends_on: [a]}', 'task: {blockedBy: a}', 'relations: [{blocks: a}]'])(
    'that stands below another key is refused: %s',
    (line) => {
      const { value, said } = parse(line);
      expect(value).toBeUndefined();
      expect(said[0]).toContain('where it is not read; expected `depends_on` at the beginning of its line');
    },
  );

  it.each([
    'independent: true',
    'description: x',
    'tags: [a]',
    'deadline: x',
    'date: x',
    'steps: 3',
    'notes: x',
    'phase: 2',
  ])('is nothing that only sounds like one: %s', (line) => {
    const { value, said } = parse(line);
    expect(value).toBeDefined();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^warning: /);
  });
});

describe("another tool's word for another key", () => {
  it.each([
    ['Title: T', { title: 'T' }],
    ['name: T', { title: 'T' }],
    ['role: tester', { agent: 'tester' }],
    ['Agent: tester', { agent: 'tester' }],
    ['ID: x', { id: 'x' }],
    ['taskId: x', { id: 'x' }],
    ['maxTurns: 4', { maxTurns: 4 }],
    ['max-turns: 4', { maxTurns: 4 }],
    ['allowedTools: [Read]', { allowedTools: ['Read'] }],
    ['prio: p1', { priority: 'high' }],
  ])('is read where it means nothing else: %s', (line, expected) => {
    expect(parse(line)).toMatchObject({ value: expected, said: [] });
  });

  it('is not read beside ours', () => {
    expect(parse('title: A', 'Name: B')).toMatchObject({
      value: undefined,
      said: ['error: b.md:3:1: the key "Name" means `title`, which is here already; expected each key once'],
    });
  });

  it('is warned of in one short line, behind the errors', () => {
    const { value, said } = parse(
      'status: draft',
      'labels: [x]',
      'assignee: anna',
      'due: 2026-12-01',
      'estimate: 3',
      'max_turns: 0',
    );
    expect(value).toBeUndefined();
    expect(said[0]).toMatch(/^error: b\.md:7:12: max_turns is "0"/);
    expect(said).toHaveLength(6);
    for (const line of said.slice(1)) expect(line.length).toBeLessThan(110);
    expect(said[1]).toBe('warning: b.md:2:1: unknown key "status", passed over: a task\'s folder says where it stands');
    expect(said[2]).toBe('warning: b.md:3:1: unknown key "labels", passed over');
    expect(said[3]).toBe(
      'warning: b.md:4:1: unknown key "assignee", passed over; expected `agent` if that is what it means',
    );
  });
});

describe('a priority', () => {
  it.each([
    ...[
      'high',
      'High',
      'urgent',
      'URGENT',
      'critical',
      'highest',
      'Very High',
      'p0',
      'P1',
      '1',
      'major',
      'blocker',
    ].map((word) => [word, 'high']),
    ...['normal', 'medium', 'Med', 'default', 'p2', '2', 'Medium priority'].map((word) => [word, 'normal']),
    ...['low', 'Lowest', 'minor', 'trivial', 'p3', 'P4', '3', '4', 'nice to have'].map((word) => [word, 'low']),
  ])('may be the word %s, which means %s', (word, expected) => {
    expect(parse(`priority: ${word}`)).toMatchObject({ value: { priority: expected }, said: [] });
  });

  it.each(['10', '-1', 'soonish', 'p9', '[high]', 'yes'])('is refused where its meaning is not plain: %s', (word) => {
    expect(parse(`priority: ${word}`)).toMatchObject({
      value: undefined,
      said: [expect.stringContaining('expected one of high, normal, low')],
    });
  });
});
