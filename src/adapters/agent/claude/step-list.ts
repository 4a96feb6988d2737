/**
 * Gathers the agent's own list of steps from its calls of `TaskCreate` and `TaskUpdate` (which change one step) and of
 * `TodoWrite` (which replaces the list). A call counts once its result says that it succeeded.
 */
import type { Progress } from '../../../domain/run.ts';
import { limits } from '../../../domain/limits.ts';
import { keepStart } from '../../machine/bounded-text.ts';
import { asArray, asObject, asString, type JsonObject } from '../../machine/json-shape.ts';

/** Steps beyond this many are not counted. */
const maxSteps = 1_000;

interface Step {
  readonly title: string;
  readonly activeForm: string | null;
  readonly status: string;
}

/** Steps by the agent's own ids, in the order in which they were made. */
export type StepList = ReadonlyMap<string, Step>;

/** A call that changes the list, waiting for its result. */
export interface StepCall {
  readonly tool: string;
  readonly input: JsonObject;
}

/** Whether a tool changes the list. */
export function isStepTool(tool: string): boolean {
  return tool === 'TaskCreate' || tool === 'TaskUpdate' || tool === 'TodoWrite';
}

/**
 * Applies a call that went well. `createdId` is the id that the result of a `TaskCreate` told; without one the step
 * can't be followed and is left out.
 */
export function applyStepCall(steps: StepList, call: StepCall, createdId: string | null): StepList {
  if (call.tool === 'TodoWrite') return readTodos(asArray(call.input['todos']));
  if (call.tool === 'TaskCreate') return createStep(steps, call.input, createdId);
  return updateStep(steps, call.input);
}

/** The progress of the list, or null where there is none. */
export function toProgress(steps: StepList): Progress | null {
  if (steps.size === 0) return null;
  const all = [...steps.values()];
  const current = all.find((step) => step.status === 'in_progress');
  const step = current === undefined ? null : (current.activeForm ?? current.title);
  return { done: all.filter((one) => one.status === 'completed').length, total: all.length, step };
}

/** The id in a `TaskCreate` call's result: structured (`task.id`) or in its text (`Task #1 created…`). */
export function findCreatedId(structured: unknown, content: unknown): string | null {
  const id = asObject(asObject(structured)?.['task'])?.['id'];
  if (typeof id === 'string' || typeof id === 'number') return String(id);
  const texts = [content, ...asArray(content).map((part) => asObject(part)?.['text'])];
  for (const text of texts) {
    const found = /^Task #(\w+)/.exec(asString(text) ?? '');
    if (found?.[1] !== undefined) return found[1];
  }
  return null;
}

function readTodos(todos: readonly unknown[]): StepList {
  const steps = new Map<string, Step>();
  for (const [index, value] of todos.slice(0, maxSteps).entries()) {
    const todo = asObject(value);
    if (todo === null) continue;
    steps.set(`todo-${String(index)}`, {
      title: bound(asString(todo['content']) ?? ''),
      activeForm: boundOrNull(todo['activeForm']),
      status: asString(todo['status']) ?? 'pending',
    });
  }
  return steps;
}

function createStep(steps: StepList, input: JsonObject, id: string | null): StepList {
  if (id === null || steps.size >= maxSteps) return steps;
  const step = {
    title: bound(asString(input['subject']) ?? ''),
    activeForm: boundOrNull(input['activeForm']),
    status: 'pending',
  };
  return new Map(steps).set(id, step);
}

function updateStep(steps: StepList, input: JsonObject): StepList {
  const id = input['taskId'];
  const key = typeof id === 'number' ? String(id) : asString(id);
  const step = key === null ? undefined : steps.get(key);
  // A resumed session may update steps that an earlier process made; a count of those alone would mislead.
  if (key === null || step === undefined) return steps;
  const next = new Map(steps);
  const status = asString(input['status']) ?? step.status;
  if (status === 'deleted') {
    next.delete(key);
    return next;
  }
  return next.set(key, {
    title: bound(asString(input['subject']) ?? step.title),
    activeForm: boundOrNull(input['activeForm']) ?? step.activeForm,
    status,
  });
}

function bound(text: string): string {
  return keepStart(text, limits.maxTitleChars);
}

function boundOrNull(value: unknown): string | null {
  const text = asString(value);
  return text === null || text === '' ? null : bound(text);
}
