import { describe, expect, it } from 'vitest';

import { fc, runs } from '../properties.ts';
import { parseTaskId } from '../../src/domain/task.ts';
import { parseTaskFile } from '../../src/markdown/task-file.ts';
import { serializeTaskFile } from '../../src/markdown/task-writer.ts';
import { anyCharacter } from './arbitrary-text.ts';

const parse = (text: string) => parseTaskFile(text, { file: 'x.md', fileName: 'x.md' });

describe('writing a task file', () => {
  it('puts the given fields above the text, and nothing where none are given', () => {
    expect(serializeTaskFile({ title: 'Fix: it', dependsOn: ['a', 'b'] }, 'Do it.\n')).toBe(
      '---\ntitle: "Fix: it"\ndepends_on: [ a, b ]\n---\nDo it.\n',
    );
    expect(serializeTaskFile({}, 'Do it.\n')).toBe('Do it.\n');
  });

  it('keeps the keys, comments and dependencies of the frontmatter that is there', () => {
    const body = '---\n# mine\nagent: tester # keep\ndependencies:\n  - A # first\ncustom: 1\n---\n# T\n';
    expect(serializeTaskFile({ agent: 'developer', dependsOn: ['a', 'b'], priority: 'high' }, body)).toBe(
      '---\n# mine\nagent: developer # keep\ndependencies:\n  - A # first\n  - b\ncustom: 1\npriority: high\n---\n# T\n',
    );
    expect(serializeTaskFile({ dependsOn: ['b'] }, '---\ndepends_on: 007\n---\nT')).toBe(
      '---\ndepends_on: [ 007, b ]\n---\nT',
    );
    expect(parse(serializeTaskFile({ dependsOn: ['b'] }, '---\ndepends_on:\n---\nT')).value?.dependsOn).toEqual(['b']);
    expect(serializeTaskFile({ title: 'T' }, '---\nid: 010\nretries: 1\nbudget_usd: 2.50\n---\nT')).toBe(
      '---\nid: 010\nretries: 1\nbudget_usd: 2.50\ntitle: T\n---\nT',
    );
    expect(parse(serializeTaskFile({ id: 'b' }, '---\n# only this\n---\nT')).value?.id).toBe('b');
  });

  it('keeps a byte order mark and CRLF', () => {
    expect(serializeTaskFile({ id: 'x' }, '\uFEFFa\r\nb\r\n')).toBe('\uFEFF---\r\nid: x\r\n---\r\na\r\nb\r\n');
  });

  it.each([
    '---\nid: [\n---\nText',
    '---\nid: x\n',
    '---js\n{}\n---\n',
    '---\n- a\n---\n',
    `---\n${'['.repeat(9000)}\n---\n`,
  ])('leaves %j alone: reading it says what is wrong', (body) => {
    expect(serializeTaskFile({ title: 'T' }, body)).toBe(body);
    expect(parse(body).value).toBeUndefined();
  });

  it('gives what reading takes, for any title and id', () => {
    const title = fc
      .string({
        unit: fc.oneof(
          fc.constantFrom(
            ' ',
            '#',
            ':',
            '-',
            '[',
            ']',
            '{',
            '}',
            '&',
            '*',
            '!',
            '|',
            '>',
            "'",
            '"',
            '%',
            '@',
            '`',
            '~',
            ',',
            '?',
            '0',
            '\\',
          ),
          anyCharacter,
        ),
      })
      .map((text) => text.replace(/[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim())
      .filter((text) => text !== '' && text.length <= 120);
    const id = fc
      .oneof(
        fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/),
        fc.constantFrom('010', '1e3', 'null', 'true', '0x1'),
      )
      .filter((text) => parseTaskId(text) !== undefined);
    fc.assert(
      fc.property(title, id, fc.string(), (writtenTitle, writtenId, text) => {
        const body = `Do: ${text}`;
        const { value } = parse(serializeTaskFile({ title: writtenTitle, id: writtenId }, body));
        expect(value).toMatchObject({ title: writtenTitle, id: writtenId, body: body.trimEnd() });
      }),
      runs(500),
    );
  });
});
