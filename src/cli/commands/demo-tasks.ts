/** The tasks of the demo: two that run at once, some that build on others, a failure that is retried, and a review. */

/** A file for the demo's inbox. */
export interface DemoTask {
  readonly name: string;
  readonly text: string;
}

/** See the file's head. The `agent-script` blocks are what the built-in agent does instead of thinking. */
export const demoTasks: readonly DemoTask[] = [
  task('catalog', { agent: 'backend-developer', priority: 'high' }, 'Add a catalog', [
    'step 1/2 Writing the catalog',
    'sleep 600ms',
    "write src/catalog.js export const catalog = [{ id: 'tea', price: 4 }, { id: 'cup', price: 9 }];",
    'commit Add a catalog of two things',
    'step 2/2 Done',
    'summary Added src/catalog.js with two things and their prices.',
  ]),
  task('page', { agent: 'frontend-developer' }, 'Add a page', [
    'step 1/2 Writing the page',
    'sleep 900ms',
    'write index.html <!doctype html><title>Shop</title><h1>Shop</h1>',
    'commit Add a page with a heading',
    'summary Added index.html.',
  ]),
  task('checkout', { agent: 'backend-developer', depends_on: '[catalog]' }, 'Add a checkout', [
    'step 1/1 Adding prices up',
    'sleep 500ms',
    "write src/checkout.js import { catalog } from './catalog.js';\\n\\nexport const total = (ids) => catalog.filter(({ id }) => ids.includes(id)).reduce((sum, { price }) => sum + price, 0);",
    'on attempt 1: fail The prices could not be read: the connection to the price list broke.',
    'commit Add up what is in the basket',
    'summary Added src/checkout.js; its first attempt failed, the second one did it.',
  ]),
  task('checkout-tests', { agent: 'tester', depends_on: '[checkout, page]' }, 'Test the checkout', [
    'step 1/1 Writing a test',
    'sleep 400ms',
    "write test/checkout.test.js import test from 'node:test';\\nimport assert from 'node:assert';\\nimport { total } from '../src/checkout.js';\\n\\ntest('a tea and a cup cost 13', () => assert.equal(total(['tea', 'cup']), 13));",
    'commit Test that prices are added up',
    'summary Added a test. Its branch contains the work of checkout and of page, merged.',
  ]),
  task('review', { agent: 'backend-reviewer', depends_on: '[checkout]' }, 'Review the checkout', [
    'step 1/1 Reading',
    'sleep 400ms',
    'report # Review\\n\\n`src/checkout.js:3` takes a thing that is in the basket twice only once.',
    'summary One remark: a thing that is in the basket twice is counted once.',
  ]),
];

function task(
  id: string,
  fields: Readonly<Record<string, string>>,
  title: string,
  script: readonly string[],
): DemoTask {
  const frontmatter = Object.entries(fields).map(([key, value]) => `${key}: ${value}`);
  const lines = ['---', ...frontmatter, '---', `# ${title}`, '', '```agent-script', ...script, '```', ''];
  return { name: `${id}.md`, text: lines.join('\n') };
}
