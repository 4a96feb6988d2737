/** Tools of the MCP server: what a session says is never an option of a verb, and what happened is told once. */
import { describe, expect, it } from 'vitest';
import { listNews } from '../../src/mcp/board-news.ts';
import { boardTools } from '../../src/mcp/board-tools.ts';
import { emptyBoard } from '../../src/core/step.ts';
import { describeBoard, type BoardData, type TaskData } from '../../src/views/board-data.ts';

const callOf = (name: string, input: Readonly<Record<string, unknown>>) => {
  const tool = boardTools.find((each) => each.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool.call(input);
};

describe('a tool', () => {
  it('hands texts over on standard input, and values joined to their options', () => {
    expect(callOf('add', { text: '--allow', title: '--allow', after: ['a', 'b'], agent: 'tester' })).toEqual({
      args: ['add', '-', '--title=--allow', '--agent=tester', '--after=a', '--after=b'],
      stdin: '--allow',
    });
    for (const name of ['answer', 'note', 'retry', 'send_back']) {
      expect(callOf(name, { id: 'a', text: '--help' })).toMatchObject({ stdin: '--help' });
    }
    for (const [name, verb] of [
      ['retry', 'retry'],
      ['send_back', 'send-back'],
    ] as const) {
      expect(callOf(name, { id: 'a' })).toEqual({ args: [verb, 'a'] });
    }
  });

  it.each(['--allow', '-a', '../x', 'a b', ''])('takes no id such as %j', (id) => {
    for (const { name, input, call } of boardTools) {
      if ('id' in input.shape) expect(() => call({ id, text: 'x', commit: 'abcdef0' }), name).toThrow();
    }
    expect(() => callOf('add', { text: 'x', after: [id] })).toThrow();
    expect(() => callOf('add', { text: 'x', agent: id })).toThrow();
  });

  it.each(['discard', 'restack'])('%s is asked for only with a commit that is named', (verb) => {
    expect(() => callOf(verb, { id: 'a' })).toThrow();
    expect(callOf(verb, { id: 'a', commit: 'abcdef0' }).args).toEqual([verb, 'a', '--commit=abcdef0']);
  });

  it('merges only a commit that is named', () => {
    expect(() => callOf('merge', { id: 'a' })).toThrow();
    expect(() => callOf('merge', { id: 'a', commit: '--squash' })).toThrow();
    expect(callOf('merge', { id: 'a', commit: 'abcdef0' }).args).toEqual(['merge', 'a', '--commit=abcdef0']);
  });
});

describe('news of a board', () => {
  const surroundings = { running: true, repo: '/r', pid: 1, redact: (text: string) => text };
  const board = describeBoard(emptyBoard, surroundings);
  const task = {
    id: 'a',
    column: 'queued',
    stage: null,
    reason: null,
    question: null,
    commits: 0,
    mergedAt: null,
    review: null,
  };
  const withTask = (patch: Partial<TaskData> | null): BoardData => ({
    ...board,
    tasks: patch === null ? [] : [{ ...task, ...patch } as TaskData],
  });

  it.each([
    [null, {}, ['a: new, queued']],
    [{}, {}, []],
    [{}, { column: 'active', stage: 'running' }, ['a: queued → active, running']],
    [
      {},
      { column: 'attention', reason: 'question', question: 'Which?' },
      ['a: queued → attention, question, asks: Which?'],
    ],
    [{}, null, ['a: not listed any more']],
  ] as const)('from %j to %j are %j', (before, after, news) => {
    expect(listNews(withTask(before), withTask(after))).toEqual(news);
  });

  it('tell that it is paused, and that it goes on', () => {
    const paused = { ...board, paused: { reason: 'user', until: null } } as const;
    expect(listNews(board, paused)).toEqual(['The board is paused: user.']);
    expect(listNews(paused, board)).toEqual(['The board starts tasks again.']);
  });
});
