import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/domain/diagnostic.ts';
import { parseTaskFile } from '../../src/markdown/task-file.ts';

function parse(...lines: readonly string[]) {
  const text = ['---', ...lines, '---', '# Mine', ''].join('\n');
  const { value, diagnostics } = parseTaskFile(text, { file: 'b.md', fileName: 'b.md' });
  return { value, said: diagnostics.map(formatDiagnostic) };
}

describe('a dependency', () => {
  it.each([
    ...[
      'a',
      'A',
      'a.md',
      'a.MD',
      './a',
      './a.md',
      'inbox/a.md',
      '../inbox/a',
      'queued/a.md',
      '.orchestrator/inbox/a.md',
    ],
    ...[
      '/home/me/repo/.orchestrator/done/a.md',
      String.raw`inbox\a.md`,
      'task/a',
      'refs/heads/task/a',
      'origin/task/a',
    ],
    ...['"@a"', '"#a"', '"`a`"', `"'a'"`, '[[a]]', '"[[a]]"', '"[[a|the first]]"', '[[a|the first]]', '"[[a#Steps]]"'],
    ...[
      '"[[inbox/a]]"',
      '"[the first](a.md)"',
      '"[A](./a.md)"',
      '"[A](.orchestrator/inbox/a.md)"',
      'a, ',
      '[a]',
      '[[[a]]]',
    ],
    ...[
      '{a: }',
      '{a: done}',
      '{id: a}',
      '[{task: a}]',
      '[{id: a, type: hard}]',
      '{tasks: [a]}',
      '{requires: a}',
      '{after_tasks: [a]}',
    ],
  ])('may be named as %s', (written) => {
    const { value, said } = parse(`depends_on: ${written}`);
    expect(said).toEqual([]);
    expect(value?.dependsOn.map((id) => id.toLowerCase())).toEqual(['a']);
  });

  it.each([
    ['a, c'],
    ['a c'],
    ['a; c'],
    ['[a, c]'],
    ['[[a], [c]]'],
    ['"[[a]], [[c]]"'],
    ['"[[a]] [[c]]"'],
    ['"[[a]] and [[c]]"'],
    ['"[one](a.md), [two](c.md)"'],
    ['{a: x, c: y}'],
    ['{a, c}'],
    ['"a.md, task/c"'],
    ['a.md c.md'],
    ['"@a, @c"'],
    ['["a, c"]'],
    ['|\n  a\n  c'],
    ['>\n  a\n  c'],
    ['\n  a\n  c'],
    ['\n  - a\n  - c # the other'],
    ['\n  - a\n  #- x\n  - c'],
    ['\n  a:\n  c:'],
    ['\n  - id: a\n    why: it makes the table\n  - id: c'],
  ])('may be one of several: %j', (written) => {
    expect(parse(`depends_on: ${written}`)).toMatchObject({ value: { dependsOn: ['a', 'c'] }, said: [] });
  });

  it.each(['[]', 'none', 'None', 'n/a', '[none]', '"-"', '""', '~', '', 'false', '{}', '# none yet'])(
    'may be none: %j',
    (written) => {
      expect(parse(`depends_on: ${written}`)).toMatchObject({ value: { dependsOn: [] }, said: [] });
    },
  );

  it('by its title is kept with its words, and the id that they would give', () => {
    expect(parse('depends_on: Add a login page').value).toMatchObject({
      dependsOn: ['add-a-login-page'],
      dependencyNames: [{ words: 'Add a login page', id: 'add-a-login-page', parts: ['Add', 'a', 'login', 'page'] }],
    });
    expect(parse('depends_on: ["Fix it, then ship it", задача]').value).toMatchObject({
      dependsOn: ['fix-it-then-ship-it', 'task-3cce52e8'],
    });
    expect(parse('depends_on: "[[Add a login page|first]]"').value?.dependsOn).toEqual(['add-a-login-page']);
    expect(parse('depends_on: inbox/Add a login page.md').value?.dependsOn).toEqual(['add-a-login-page']);
  });

  it.each(['a and c', 'a & c', 'a + c', '[a and c]', 'a -> c', 'a → c', 'tasks a and c', 'a (must be done) c'])(
    'may be one of several with a word between: %j',
    (written) => {
      expect(parse(`depends_on: ${written}`).value?.dependencyNames).toMatchObject([{ parts: ['a', 'c'] }]);
    },
  );

  it.each([
    ['#a', 'YAML takes "#a" for a comment, so that no dependency is left of it'],
    ['a, #c', 'YAML takes "#c" for a comment'],
    ['[a, https://example.org/issues/7]', 'depends_on is "https://example.org/issues/7"'],
    ['owner/repo#12', 'depends_on is "owner/repo#12"; expected a task\'s id. If it is the task `12`, write that.'],
    ['feature/a', 'depends_on is "feature/a"; expected a task\'s id. If it is the task `a`, write that.'],
    ['"[[a]] and then some"', "expected a task's id"],
    ['{blocks: c}', '"blocks" names tasks that wait for this one'],
    ['{a: false}', '"a" is `false` here'],
    ['@a', 'begins with a character that means something in YAML'],
    ['[[a]], [[c]]', 'this is not valid YAML'],
    ['"[[]]"', "expected a task's id"],
    ['../../x', 'depends_on is "../../x"'],
    ['src/a.md', 'depends_on is "src/a.md"'],
    ['./', "expected a task's id"],
    ['"???"', "expected a task's id"],
  ])('that can not be understood is refused with what to write: %s', (written, complaint) => {
    const { value, said } = parse(`depends_on: ${written}`);
    expect(value).toBeUndefined();
    expect(said[0]).toContain(complaint);
  });

  it.each(['b', 'B', 'b.md', '[[B]]', 'task/b', '"@b"', 'a b', '[a, ./b.md]'])(
    'is never the task itself: %s',
    (written) => {
      const { value, said } = parse(`depends_on: ${written}`);
      expect(value).toBeUndefined();
      expect(said[0]).toContain('the task depends on itself');
    },
  );

  it('is never the task itself by its title', () => {
    const { value, said } = parse('title: My own task', 'needs: "my own task"');
    expect(value).toBeUndefined();
    expect(said[0]).toContain('That is its own title');
  });
});
