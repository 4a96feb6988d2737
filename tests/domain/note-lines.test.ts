/** Lines of User Notes to one task: what each says, and which are commands. */
import { describe, expect, it } from 'vitest';
import { formatLine, readLine } from '../../src/domain/note-lines.ts';
import { listAddressed } from '../../src/prompt/notes.ts';
import { id } from '../prompt/input.ts';

describe('what notes say to one task', () => {
  it('is a paragraph or an item of a list, without the name', () => {
    const notes = [
      'For all.',
      '',
      '@add-auth: use the existing',
      '  session table',
      '',
      'For all.',
      '- @api: retry',
      '- @Db: keep',
      '  - this',
      '- for all',
      '@none:',
      '',
      '```',
      '@code: is none',
      '```',
    ].join('\n');
    expect(listAddressed(notes)).toEqual([
      { name: 'add-auth', text: 'use the existing\n  session table' },
      { name: 'api', text: 'retry' },
      { name: 'Db', text: 'keep\n  - this' },
    ]);
  });
});

describe('a line to a task', () => {
  const task = id('a');
  const tip = 'a'.repeat(40);

  it.each([
    ['cancel', { kind: 'cancel', task }],
    ['retry', { kind: 'retry', task }],
    ['priority high', { kind: 'set-priority', task, priority: 'high' }],
    ['after db-schema', { kind: 'add-dependency', task, on: 'db-schema' }],
    ['merge', { kind: 'merge', task, commit: tip, target: null, way: 'merge', whatRuns: false }],
  ])('that is exactly `%s` is that command', (text, command) => {
    expect(readLine(task, text, tip)).toEqual(command);
  });

  it.each([
    'Cancel',
    'cancel it',
    'priority highest',
    'priority',
    'after',
    'after a b',
    'after ../x',
    'merge!',
    'please retry',
  ])('of other words is a note: %s', (text) => {
    const command = readLine(task, text, tip);
    expect(command).toEqual({ kind: 'note', task, text });
    expect(formatLine(command)).toBe(`@a: ${text}`);
  });
});
