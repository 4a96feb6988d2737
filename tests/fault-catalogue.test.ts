/** The catalogue of faults names a test for each; here it is seen that each of them is there. */
import { readFileSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const rows = readFileSync(`${folder}fault-catalogue.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:-|Fault )/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\||\|$/g, '').trim()));

test('each fault has what must happen, and a test that is there under that name', () => {
  expect(rows.length).toBeGreaterThan(50);
  const missing: string[] = [];
  for (const [fault = '', outcome = '', shown = ''] of rows) {
    const [, file, title] = /^`(.+?)`: (.+)$/.exec(shown) ?? [];
    expect([fault, outcome, file, title], shown).not.toContain(undefined);
    expect(outcome, fault).not.toBe('');
    if (!readTitles(file ?? '').some((each) => each.includes(title ?? ''))) missing.push(shown);
  }
  expect(missing).toEqual([]);
});

test('no fault is told twice', () => {
  const faults = rows.map(([fault]) => fault);
  expect(faults).toEqual([...new Set(faults)]);
});

const known = new Map<string, readonly string[]>();

/** The titles of a file's tests that run: what is in a comment, or skipped, is none. */
function readTitles(file: string): readonly string[] {
  const read = known.get(file);
  if (read !== undefined) return read;
  const source = ts.createSourceFile(file, readFileSync(`${folder}${file}`, 'utf8'), ts.ScriptTarget.Latest);
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) collect(node, titles);
    // Tests may be made from a table.
    if (ts.isForOfStatement(node)) collect(node.expression, titles);
    ts.forEachChild(node, visit);
  };
  visit(source);
  known.set(file, titles);
  return titles;
}

/** `it`, `test`, `describe` or one of our own such as `confinedTest`, also as `test.concurrent`, `it.each(table)` and the like, but not `it.skip`. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return /^(it|test|describe|\w+Test)$/.test(callee.text);
  if (ts.isPropertyAccessExpression(callee)) {
    return !['skip', 'todo', 'fails'].includes(callee.name.text) && isTest(callee.expression);
  }
  return ts.isCallExpression(callee) && isTest(callee.expression);
}

/** The texts in a test's arguments, its table among them, without what its function holds. */
function collect(node: ts.Node, titles: string[]): void {
  if (ts.isFunctionLike(node)) return;
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
    titles.push(node.text);
  ts.forEachChild(node, (child) => collect(child, titles));
}
