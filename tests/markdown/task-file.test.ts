import { describe, expect, it } from 'vitest';

import { fc, runs } from '../properties.ts';
import { formatDiagnostic } from '../../src/domain/diagnostic.ts';
import { limits } from '../../src/domain/limits.ts';
import { parseTaskFile } from '../../src/markdown/task-file.ts';
import { renderStory, tellStory } from '../../src/markdown/story.ts';
import { makeVerdict } from './verdict.ts';
import { anyText } from './arbitrary-text.ts';

function parse(text: string, fileName = 'a-task.md') {
  return parseTaskFile(text, { file: `inbox/${fileName}`, fileName });
}

/** The spec of a file that has nothing to be said about it. */
function parseClean(text: string, fileName?: string) {
  const { value, diagnostics } = parse(text, fileName);
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  if (value === undefined) throw new Error('no diagnostics and no value');
  return value;
}

/** What is said about a file, without its name. */
function complaints(text: string, fileName?: string): readonly string[] {
  return parse(text, fileName).diagnostics.map((diagnostic) =>
    formatDiagnostic(diagnostic).replace(/^inbox\/[^:]*:? ?/, ''),
  );
}

const frontmatter = (...lines: readonly string[]) => ['---', ...lines, '---', '# Do it', ''].join('\n');

describe('a task file', () => {
  it('reads the example of the manual', () => {
    const text = [
      '---',
      'id: add-auth                 # default: the file name without .md',
      'title: Add authentication    # default: the first heading, else the id',
      'agent: backend-developer',
      'depends_on: [db-schema]',
      'priority: high               # high, normal (default), low',
      '---',
      '# Add authentication',
      '',
      'What to do.',
      '',
    ].join('\n');
    expect(parseClean(text)).toEqual({
      id: 'add-auth',
      title: 'Add authentication',
      agent: 'backend-developer',
      dependsOn: ['db-schema'],
      priority: 'high',
      body: '# Add authentication\n\nWhat to do.',
      context: [],
      touches: [],
    });
  });

  it('reads every key', () => {
    const text = frontmatter(
      'base: release/1.0',
      'runner: scripted',
      'model: opus',
      'effort: high',
      'max_turns: 40',
      'auto_accept: true',
      'budget_usd: 2.50',
      'timeout: 1h30m',
      'retries: 0',
      'verify:',
      '  - npm test',
      "  - node -e 'process.exit(0)'",
      'permission_mode: acceptEdits',
      'allowed_tools: Bash(git add *), Bash(npm run a, b), Read',
      'context: docs/auth.md',
      'touches: ["src/**", tests/auth]',
    );
    expect(parseClean(text)).toMatchObject({
      base: 'release/1.0',
      runner: 'scripted',
      model: 'opus',
      effort: 'high',
      maxTurns: 40,
      autoAccept: true,
      budgetUsd: 2.5,
      timeoutMs: 90 * 60_000,
      retries: 0,
      verify: [
        ['npm', 'test'],
        ['node', '-e', 'process.exit(0)'],
      ],
      permissionMode: 'acceptEdits',
      allowedTools: ['Bash(git add *)', 'Bash(npm run a, b)', 'Read'],
      context: ['docs/auth.md'],
      touches: ['src/**', 'tests/auth'],
    });
  });

  it('leaves out what the file leaves out, so that the settings of the board hold', () => {
    expect(Object.keys(parseClean('# Do it')).sort()).toEqual([
      'agent',
      'body',
      'context',
      'dependsOn',
      'id',
      'priority',
      'title',
      'touches',
    ]);
  });

  it('may be plain markdown', () => {
    expect(parseClean('Fix the login form.\n', 'login-form.md')).toMatchObject({
      id: 'login-form',
      title: 'login-form',
      agent: 'developer',
      priority: 'normal',
      body: 'Fix the login form.',
    });
  });

  it('may begin with a byte order mark, have blank lines above and CRLF line ends', () => {
    const spec = parseClean('\uFEFF\r\n---\r\nid: x\r\ntitle: T\r\n---\r\nOne\r\nTwo\r\n');
    expect(spec).toMatchObject({ id: 'x', title: 'T', body: 'One\r\nTwo' });
  });

  it('keeps its body but for white space at the end', () => {
    expect(parseClean('---\nid: x\n---\n\n  indented\n\n\ttext  \n\n').body).toBe('\n  indented\n\n\ttext');
  });

  it('takes a horizontal rule of more dashes for markdown', () => {
    expect(parseClean('----\nText').body).toBe('----\nText');
  });

  it('does not have its generated story in the body', () => {
    const story = renderStory(makeVerdict({}), { id: 'a', isMerged: false, runFolder: null, finishedAt: 'now' });
    expect(parseClean(tellStory('---\nid: x\n---\nDo it.\n', story)).body).toBe('Do it.');
  });

  it('is refused where nothing but its story is there', () => {
    const story = renderStory(makeVerdict({}), { id: 'a', isMerged: false, runFolder: null, finishedAt: 'now' });
    expect(complaints(tellStory('', story))[0]).toContain('the task is empty');
  });
});

describe('an id', () => {
  it.each([
    ['010', '010'],
    ['1e3', '1e3'],
    ['2024-01-01', '2024-01-01'],
    ['true', 'true'],
    ['0x1F', '0x1F'],
    ['"quoted"', 'quoted'],
  ])('written %s is taken as written', (written, id) => {
    expect(parseClean(frontmatter(`id: ${written}`)).id).toBe(id);
  });

  it.each(['null', '~', ''])('written "%s" is absent', (written) => {
    expect(parseClean(frontmatter(`id: ${written}`), 'from-file.md').id).toBe('from-file');
  });

  it.each([
    ['Add auth.md', 'add-auth'],
    ['Ünï çödé.md', 'uni-code'],
    ['Keep-Case.md', 'keep-case'],
    ['F3.MD', 'f3'],
    ['spec.markdown', 'spec'],
    ['a..b.md', 'a.b'],
    ['x.lock.md', 'x'],
    ['x.lock..lock.md', 'x'],
    ['...hidden.md', 'hidden'],
    [`${'y'.repeat(80)}.md`, 'y'.repeat(64)],
    ['日本語.md', 'task-805f5ce7'],
  ])('of the file %s is %s', (fileName, id) => {
    expect(parseClean('Text', fileName).id).toBe(id);
  });

  it('that is not valid is refused with one that is', () => {
    const [complaint] = complaints(frontmatter('title: T', 'id: Add auth!'));
    expect(complaint).toMatch(/^3:5: id is "Add auth!"; expected an id: .*\. Write `add-auth`\.$/);
  });
});

describe('a title', () => {
  it.each([
    ['# One\n## Two', 'One'],
    ['## Closed ##\n', 'Closed'],
    ['text\n\n#\n# Second #1', 'Second #1'],
    ['```\n# no\n```\n# Yes', 'Yes'],
    ['~~~~\n# no\n~~~\n# no\n~~~~\n# Yes', 'Yes'],
    ['    # no\n# Yes', 'Yes'],
    ['#no\n# Yes', 'Yes'],
    ['Set\next\n===\n# no', 'Set ext'],
    ['Below\n---\n', 'Below'],
    ['- item\n---\n# Yes', 'Yes'],
    ['\n---x\n\n# Yes'.slice(1).replace('---x', '***'), 'Yes'],
    ['```\n# never closed', 'a-task'],
    ['no heading', 'a-task'],
  ])('of %j is its first heading or the id', (body, title) => {
    expect(parseClean(body).title).toBe(title);
  });

  it('is one line of bounded length', () => {
    expect(parseClean(frontmatter('title: "a\\n  b\\tc\\u0007d\\u202Ee"')).title).toBe('a b c d e');
    const { title } = parseClean(frontmatter(`title: ${'😀'.repeat(200)}`));
    expect(title.length).toBeLessThanOrEqual(limits.maxTitleChars);
    expect(title).toMatch(/^(?:😀)+…$/u);
    expect(parseClean(`# ${'Make the login page say why. '.repeat(9)}`).title).toBe(
      `${'Make the login page say why. '.repeat(4).trimEnd()}…`,
    );
  });

  it('is taken as written where YAML sees a number', () => {
    expect(parseClean(frontmatter('title: 2.10')).title).toBe('2.10');
  });

  it('that YAML cuts at a # is warned about', () => {
    expect(complaints(frontmatter('title: Fix #12'))).toEqual([
      '2:8: YAML takes "#12" as a comment, so that the title ends before it. If it belongs to the title, put the title in quotes.',
    ]);
  });

  it('alone is a task', () => {
    expect(parseClean('---\ntitle: Update the dependencies\n---\n')).toMatchObject({ body: '' });
  });
});

describe('dependencies', () => {
  it('may be one, many, or under the other name, and are named once', () => {
    expect(parseClean(frontmatter('depends_on: db')).dependsOn).toEqual(['db']);
    expect(parseClean(frontmatter('dependencies:', '  - a', '  - A', '  - 007')).dependsOn).toEqual(['a', '007']);
    expect(parseClean(frontmatter('depends_on: [a, b]', 'dependencies: [b, c]')).dependsOn).toEqual(['a', 'b', 'c']);
  });

  it('that are wrong are refused where they stand', () => {
    expect(
      complaints(frontmatter('depends_on:', '  - ok', '  - https://example.org/a', '  -', '  - lib/a.ts')),
    ).toEqual([
      '4:5: an item of depends_on is "https://example.org/a"; expected a task\'s id. If it is the task `a`, write that.',
      "5:4: an item of depends_on is empty; expected a task's id",
      '6:5: an item of depends_on is "lib/a.ts"; expected a task\'s id. If it is the task `a.ts`, write that.',
    ]);
  });

  it('may not name the task itself', () => {
    expect(complaints(frontmatter('id: Me', 'depends_on: [a, me]'))).toEqual([
      '3:17: the task depends on itself ("me"); expected another task\'s id',
    ]);
  });

  it('are bounded', () => {
    const ids = Array.from({ length: limits.maxDependencies + 1 }, (_, index) => `t${String(index)}`);
    expect(parseClean(frontmatter(`depends_on: [${ids.slice(1).join(', ')}]`)).dependsOn).toHaveLength(256);
    expect(complaints(frontmatter(`depends_on: [${ids.join(', ')}]`))[0]).toContain('too many dependencies');
  });
});

describe('what is wrong', () => {
  it('is told all at once, in the order of the file, at the value', () => {
    const text = frontmatter(
      'priority: soonish',
      'agent: [a]',
      'max_turns: 0',
      'budget_usd: -1',
      'timeout: 30',
      'retries: 1.5',
      'verify: npm test && npm run lint',
      'context: [../secrets, /etc/passwd]',
      'base: --force',
      'model: |',
      '  two',
      '  lines',
    );
    expect(parse(text).value).toBeUndefined();
    expect(complaints(text).map((line) => line.split(';')[0])).toEqual([
      '2:11: priority is "soonish"',
      '3:8: agent is a list',
      '4:12: max_turns is "0"',
      '5:13: budget_usd is "-1"',
      '6:10: timeout is "30"',
      '7:10: retries is "1.5"',
      '8:9: the command in verify holds `&&`',
      '9:11: an item of context is "../secrets"',
      '9:23: an item of context is "/etc/passwd"',
      '10:7: base is "--force"',
      '11:8: model is "two\\nlines\\n"',
    ]);
    expect(complaints(text)[4]).toContain('Write `30m` for minutes or `30s` for seconds.');
    expect(complaints(text)[0]).toContain('expected one of high, normal, low');
  });

  it('includes a kind of agent that is not there, with the nearest one', () => {
    expect(complaints(frontmatter('title: x', 'runner: Cluade'))).toEqual([
      '3:9: runner is "Cluade"; expected one of claude, scripted (the nearest is `claude`)',
    ]);
  });

  it.each(['0m', 'm', '', '30 min', '1m1h', '-5m', '200h', '[1]'])('includes the duration %j', (written) => {
    expect(complaints(frontmatter(`timeout: "${written}"`))[0]).toContain('expected a duration such as 90s, 30m');
  });

  it('has the right line and column below blank lines, a byte order mark and CRLF', () => {
    expect(complaints('\uFEFF\r\n\r\n---\r\nid: x\r\npriority:   bad\r\n---\r\nText')[0]).toMatch(/^5:13: /);
  });

  it.each([
    ['titel', 'title'],
    ['priorty', 'priority'],
    ['max_turn', 'max_turns'],
    ['assignee', 'agent'],
    ['files', 'touches'],
  ])('is only a warning for the unknown key %s, and names %s', (key, nearest) => {
    const { value, diagnostics } = parse(frontmatter(`${key}: x`));
    expect(value).toBeDefined();
    expect(diagnostics).toMatchObject([{ severity: 'warning', line: 2, column: 1 }]);
    expect(diagnostics[0]?.expected).toContain(`\`${nearest}\``);
  });

  it.each([
    ['---js\n{}\n---\n', '1:1: the first line is neither'],
    ['--- yaml\nid: x\n---\n', '1:1: the first line is neither'],
    ['---\nid: x\n', '1:1: the frontmatter that begins here never ends'],
    ['---\n- a\n- b\n---\n', '2:1: there is a list'],
    ['---\njust text\n---\n', '2:1: there is text'],
    ['---\ntitle: Fix: it\n---\n', '2:8: a value that is not in quotes holds `: `'],
    ['---\nverify:\n\t- a\n---\n', '3:1: a line is indented with a tab'],
    ['---\nid: a\nid: b\n---\nText', '3:1: the key "id" is here for the second time'],
    ['---\ntitle: &a x\n---\nText', '2:11: YAML anchors'],
    ['---\nid: &a x\ntitle: *a\n---\nText', '2:8: YAML anchors'],
    ['---\n[a]: x\n---\nText', '2:1: a key is a list'],
    ['---\nid: [a\n---\n', '3:1: this is not valid YAML: '],
    ['a\nb\u0000', '2:2: there is a control character here (U+0000)'],
    ['a\u001b[31m', '1:2: there is a control character here (U+001B)'],
    ['', 'the task is empty'],
    [' \n\n', 'the task is empty'],
    ['---\nagent: tester\n---\n \n', 'the task is empty'],
    [frontmatter('permission_mode: --dangerously'), '2:18: permission_mode is "--dangerously"'],
    [frontmatter('allowed_tools: [Read, --x]'), '2:23: an item of allowed_tools is "--x"'],
    [frontmatter('agent: ../x'), '2:8: agent is "../x"'],
    [frontmatter('context: "a\\0b"'), '2:10: context is "a\\u0000b"'],
    [frontmatter('verify: {a: b}'), '2:9: verify is a map'],
  ])('of %j is said', (text, complaint) => {
    expect(parse(text).value).toBeUndefined();
    expect(complaints(text)[0]?.slice(0, complaint.length)).toBe(complaint);
  });

  it('is bounded in number', () => {
    const text = frontmatter(...Array.from({ length: 200 }, (_, index) => `k${String(index)}: x`));
    const { value, diagnostics } = parse(text);
    expect(value).toBeDefined();
    expect(diagnostics.length).toBe(51);
    expect(diagnostics.at(-1)?.message).toBe('there are 150 more problems in this file');
  });
});

describe('what nobody sees', () => {
  it('is said for each line that holds it, with how much it is, and stays in the text', () => {
    const text = `# Do it\n\nPlain${'\u{e0061}'.repeat(21)}.\r\nOne\u200bmore\n`;
    expect(complaints(text)).toEqual([
      '3:6: 21 characters that nobody sees (U+E0061); the agent will read them. `branchboard show ID` writes them out',
      '4:4: 1 character that nobody sees (U+200B); the agent will read it. `branchboard show ID` writes them out',
    ]);
    expect(parse(text).value?.body).toContain('Plain\u{e0061}\u{e0061}');
  });

  it('is said of the frontmatter too, and not of what the board wrote below', () => {
    expect(complaints(frontmatter('title: "a\u202eb"'))[0]).toMatch(/^2:10: 1 character that nobody sees \(U\+202E\)/);
    const told = tellStory(
      'Do it\n',
      renderStory(makeVerdict({ summary: 'x\u200by' }), { id: 'a', isMerged: false, runFolder: null, finishedAt: '' }),
    );
    expect(complaints(told)).toEqual([]);
  });

  it('is no HTML comment, no emoji and no letter of a script that is written with joiners', () => {
    parseClean('Do it <!-- really --> 👩‍💻 ❤️ می\u200cخواهم');
  });
});

describe('a file name whose letters can’t all stand in an id', () => {
  it.each([
    ['аdd-аuth.md', 'dd--uth', '\u0430 (U+0430)'],
    ['straße 7.md', 'stra-e-7', 'ß (U+00DF)'],
    ['add\u200bauth.md', 'add-auth', 'U+200B'],
    ['修复 login.md', 'login', '修 (U+4FEE), 复 (U+590D)'],
  ])('is said: %s', (fileName, id, lost) => {
    const { value, diagnostics } = parse('Do it', fileName);
    expect(value?.id).toBe(id);
    expect(diagnostics).toMatchObject([{ severity: 'warning' }]);
    expect(diagnostics[0]?.message).toBe(`the task is called "${id}": an id can't hold ${lost}`);
  });

  it.each(['Añadir café (2).md', 'Add auth!.md', '👩‍💻 setup.md', 'задача.md'])(
    'is not said of accents, punctuation and emoji, nor where no letter can stay: %s',
    (fileName) => {
      parseClean('Do it', fileName);
    },
  );

  it('is not said where the id is written in the file', () => {
    parseClean(frontmatter('id: add-auth'), 'аdd-аuth.md');
  });
});

describe('hostile text', () => {
  const size = limits.maxTaskFileBytes;
  const units = [
    '[',
    '{',
    '- ',
    '? ',
    ': ',
    '{a: ',
    '[a: ',
    'a: ',
    '&a *a ',
    '#',
    '# ',
    '`',
    '```\n',
    '> ',
    '"',
    '!t ',
    '\n',
    '-',
    '<!--',
  ];
  const fill = (unit: string, chars: number) => unit.repeat(Math.ceil(chars / unit.length)).slice(0, chars);

  it.each(units)('of %j is answered as a body and as frontmatter of any size', (unit) => {
    for (const chars of [1_000, limits.maxFrontmatterBytes - 10, size]) {
      const filling = fill(unit, chars);
      for (const text of [filling, `---\n${filling}`, `---\n${filling}\n---\nText`, `---\nid: ${filling}\n---\nText`]) {
        const { value, diagnostics } = parse(text);
        expect(value !== undefined || diagnostics.length > 0).toBe(true);
      }
    }
  });

  it('with lines that nest deeper and deeper is refused', () => {
    for (const unit of ['a:', '- a:', '? ', 'a: a: a: a:']) {
      const lines = Array.from({ length: 60 }, (_, depth) => ' '.repeat(depth) + unit);
      expect(parse(`---\n${lines.join('\n')}\n---\nText`).value).toBeUndefined();
    }
  });

  it('with 100,000 keys is refused, and so are 300', () => {
    const keys = (count: number) => frontmatter(...Array.from({ length: count }, (_, index) => `k${String(index)}: 1`));
    expect(complaints(keys(100_000))[0]).toContain('the frontmatter has 988890 bytes');
    expect(complaints(keys(300))[0]).toContain('there are too many keys');
  });

  it('with 17 levels is refused, and a text with brackets is not', () => {
    expect(complaints(frontmatter(`touches: ${'['.repeat(17)}${']'.repeat(17)}`)).join()).toContain('nested too deep');
    const globs = Array.from({ length: 100 }, (_, index) => `  - app/[slug]/[id]/${String(index)}.tsx`);
    expect(parseClean(frontmatter('touches:', ...globs)).touches).toHaveLength(100);
  });

  it('never makes it throw, and a value comes without errors only', () => {
    const token = fc.constantFrom(
      '---\n',
      '---',
      '\n',
      ': ',
      'id',
      'title',
      'verify: ',
      '- ',
      '[',
      '"',
      '#',
      '`',
      '\r',
      '\u0000',
      '\uFEFF',
      '&a',
      '|\n ',
    );
    const text = fc.oneof(
      anyText(200),
      fc.array(fc.oneof(token, fc.string({ maxLength: 4 })), { maxLength: 40 }).map((parts) => parts.join('')),
      anyText(60).map((yaml) => `---\ntitle: ${yaml}\n---\nText`),
    );
    fc.assert(
      fc.property(text, anyText(80), (content, fileName) => {
        const { value, diagnostics } = parse(content, fileName);
        expect(value === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
      }),
      runs(500),
    );
  });
});
