import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/domain/diagnostic.ts';
import { parseTaskFile } from '../../src/markdown/task-file.ts';

function parse(text: string) {
  const { value, diagnostics } = parseTaskFile(text, { file: 'b.md', fileName: 'b.md' });
  return { value, said: diagnostics.map(formatDiagnostic) };
}

const keys = 'id: b\ndepends_on: [a]';

describe('frontmatter', () => {
  it.each([
    `---\n${keys}\n---\nDo it`,
    `\n\n---\n${keys}\n---\nDo it`,
    `\uFEFF---\n${keys}\n---\nDo it`,
    `---  \n${keys}\n--- \t\nDo it`,
    `---\r\n${keys.replace('\n', '\r\n')}\r\n---\r\nDo it`,
    `---\n${keys}\n...\nDo it`,
    `---\n# a comment\n${keys}\n---\nDo it`,
  ])('is read: %j', (text) => {
    expect(parse(text)).toMatchObject({ value: { id: 'b', dependsOn: ['a'], body: 'Do it' }, said: [] });
  });

  it.each([
    ['1:1', '+++\nid = "b"\ndepends_on = ["a"]\n+++\nDo it', 'TOML'],
    ['2:1', '\n+++ \nid = "b"\n+++\nDo it', 'TOML'],
    ['1:1', ';;;\n{"depends_on": ["a"]}\n;;;\nDo it', 'JSON'],
    ['1:1', '{"depends_on": ["a"]}\n\nDo it', 'JSON'],
    ['1:1', '{\n  "id": "b",\n  "blockedBy": ["a"]\n}\nDo it', 'JSON'],
    ['1:1', '---json\n{"id": "b"}\n---\nDo it', 'neither markdown nor'],
    ['1:1', `----\n${keys}\n----\nDo it`, 'begins with "----"'],
    ['1:1', `--\n${keys}\n--\nDo it`, 'begins with "--"'],
    ['1:1', `***\n${keys}\n***\nDo it`, 'begins with "***"'],
    ['1:1', `\u2014-\n${keys}\n\u2014-\nDo it`, 'begins with "\u2014-"'],
    [
      '1:1',
      ` ---\n ${keys.replace('\n', '\n ')}\n ---\nDo it`.replace(/\n (id|depends_on)/g, '\n$1'),
      'begins with " ---"',
    ],
    ['1:1', `\u200b---\n${keys}\n---\nDo it`, 'behind a character that nobody sees'],
    ['1:1', `---\r${keys.replace('\n', '\r')}\r---\rDo it`, 'carriage return alone'],
    ['1:1', `\`\`\`yaml\n${keys}\n\`\`\`\nDo it`, 'block of code'],
    ['1:1', `~~~\n---\n${keys}\n---\n~~~\nDo it`, 'block of code'],
    ['1:1', `\`\`\`markdown\n---\n${keys}\n---\n# Do it\n\`\`\`\n`, 'block of code'],
    ['1:1', `<!--\n${keys}\n-->\nDo it`, 'in a comment'],
    ['1:1', `<!-- depends_on: [a] -->\nDo it`, 'in a comment'],
    ['1:1', `<!-- ---\n${keys}\n--- -->\nDo it`, 'in a comment'],
    ['2:1', `<!-- a comment -->\n---\n${keys}\n---\nDo it`, 'below other lines'],
    ['5:1', `<!--\na\ncomment\n-->\n---\n${keys}\n---\nDo it`, 'below other lines'],
    ['2:1', `# a comment\n---\n${keys}\n---\nDo it`, 'below other lines'],
    ['3:1', `Here is the task:\n\n---\n${keys}\n---\nDo it`, 'below other lines'],
    ['1:1', `${keys}\n\nDo it`, 'no line `---` is above them'],
    ['3:1', '# B\n\ndependsOn:: [[a]]\n\nDo it', 'no line `---` is above them'],
    ['3:1', '# B\n\n> Depends on: [[a]]\n\nDo it', 'no line `---` is above them'],
    ['3:1', '# B\n\n- depends_on: a\n\nDo it', 'no line `---` is above them'],
    ['3:1', '# B\n\n**Blocked by:** a\n\nDo it', 'no line `---` is above them'],
    ['3:1', '# B\n\n- **Waits for**: `a`\n\nDo it', 'no line `---` is above them'],
    ['3:1', '# B\n\n_Depends on_: a.md\n\nDo it', 'no line `---` is above them'],
    ['1:1', `Depends on: #a\n\nDo it`, 'no line `---` is above them'],
    ['1:1', `title: T\npriority: high\n---\nDo it`, 'no line `---` is above them'],
    ['4:1', `---\nid: b\n---\n---\ndepends_on: [a]\n---\nDo it`, 'a second frontmatter'],
    ['1:1', `---\n${keys}\n----\nDo it`, 'never ends'],
  ])('that is not ours is refused at its line %s: %j', (place, text, complaint) => {
    const { value, said } = parse(text);
    expect(value).toBeUndefined();
    expect(said[0]).toMatch(new RegExp(`^b\\.md:${place}: `));
    expect(said[0]).toContain(complaint);
  });

  it.each([
    '----\nText\n----\nMore',
    'Text\n\n---\n\nMore',
    'Fix this: it is broken',
    'Note: the page is white\nSee also: the log',
    'Before: the page is white\nAfter: the page is blue',
    '- **Needs**: tests\n- **Dependencies**: update them all to what is newest',
    '**Depends on:** how you see it',
    'Requires: a new table in the database, and tests',
    '# Title\n\nWrite a file with\n\n```yaml\n---\ntitle: x\ndepends_on: [a]\n---\n```\n',
    '```yaml\nname: CI\non: push\n```\nAdd this workflow',
    '```\nid: 7\n',
    '<!-- do not forget the tests -->\nDo it',
    '{"a": 1} is printed twice',
    '+++ b/file\nThis line of the patch is wrong',
    '- one\n- two\n',
    '# Title\n\none\ntwo\nthree\nfour\n\n---\ntitle: x\n---\n',
    '---\nid: b\n---\n\nText\n\n---\ntitle: x\n---\n',
    '---\nid: b\n---\n```yaml\ndepends_on: [a]\n```\n',
  ])('is nothing that only looks a little like it: %j', (text) => {
    expect(parse(text)).toMatchObject({ value: { dependsOn: [] }, said: [] });
  });
});

describe('a line about the order in the text', () => {
  const warned = (text: string) => parse(text).said.filter((line) => line.includes('is text for the agent here'));

  it.each([
    ['5:1', 'Depends on: a\n\nDo it'],
    ['7:1', '# B\n\n**Blocked by:** a\n'],
    ['5:1', '- Depends-On: [a, c]\nDo it'],
    ['6:1', 'Do it\nDepends on: c'],
    ['7:1', 'Do it\n\n> Prerequisites: c.md'],
  ])('is told at %s where frontmatter is above: %j', (place, body) => {
    const text = `---\ntitle: B\nbudget_usd: 2\n---\n${body}`;
    expect(warned(text)).toHaveLength(1);
    expect(warned(text)[0]).toContain(`b.md:${place}`);
    expect(parse(text).value).toMatchObject({ id: 'b', dependsOn: [] });
  });

  it('is told below the text of a file without frontmatter', () => {
    expect(warned('Write the page.\n\nDepends on: a\n')).toHaveLength(1);
  });

  it.each([
    `---\n${keys}\n---\nDepends on: a\n`,
    '---\ntitle: B\n---\nIt depends on: the weather and more.\n',
    '---\ntitle: B\n---\nDo it like this:\n\n```\nDepends on: a\n```\n',
    '---\ntitle: B\n---\nAfter: a\n',
  ])('is no more than text: %j', (text) => {
    expect(warned(text)).toEqual([]);
  });
});
