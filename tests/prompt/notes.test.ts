import { expect, test } from 'vitest';

import { selectNotes } from '../../src/prompt/notes.ts';
import { id } from './input.ts';

const task = id('add-auth');

test('notes addressed to nobody are for every task', () => {
  expect(selectNotes('Ship on Friday.\n\n- Use tabs\n- mail a@b.c: no', task)).toBe(
    'Ship on Friday.\n\n- Use tabs\n- mail a@b.c: no',
  );
});

test('a paragraph addressed to a task reaches that task alone, whatever the case', () => {
  const notes = 'All.\n\n@Add-Auth: use jose\nand nothing else\n\n@other: use gold\nand silver\n\nAll again.';
  expect(selectNotes(notes, task)).toBe('All.\n\n@Add-Auth: use jose\nand nothing else\n\nAll again.');
  expect(selectNotes(notes, id('third'))).toBe('All.\n\nAll again.');
});

test('lines addressed to several tasks can stand next to each other', () => {
  expect(selectNotes('@other: one\n@add-auth: two\n@third: three', task)).toBe('@add-auth: two');
});

test('in a list an address reaches to the end of its item, with what is nested in it', () => {
  const notes = '- all\n- @other: use gold\n  and silver\n  - bright\n- all again\n1. @add-auth: mine\n2. all';
  expect(selectNotes(notes, task)).toBe('- all\n- all again\n1. @add-auth: mine\n2. all');
});

test('a list below an addressed paragraph belongs to it', () => {
  expect(selectNotes('@other: do\n- this\n- that\n\nAll.', task)).toBe('All.');
});

test('code is no address, and an addressed code block is kept or left out whole', () => {
  expect(selectNotes('```\n@other: decorator\n```', task)).toBe('```\n@other: decorator\n```');
  expect(selectNotes('@other: like this\n```\na\n\nb\n```\n\nAll.', task)).toBe('All.');
});

test('an id that no task can have addresses nobody', () => {
  expect(selectNotes('@a..b: secret', task)).toBe('');
});

test('empty notes stay empty, and Windows line ends are kept', () => {
  expect(selectNotes(' \n\n', task)).toBe('');
  expect(selectNotes('a\r\n\r\n@other: b\r\n\r\nc\r\n', task)).toBe('a\r\n\r\nc');
});
