/**
 * Takes secrets out of events before they enter the board, since everything that is kept or shown later comes from
 * there. A task's own text is the prompt and belongs to the user: only its title is shown to others.
 */
import type { TakenIn } from '../domain/event.ts';
import type { RunView } from '../domain/run.ts';
import type { ReadVerdict } from '../domain/task-facts.ts';
import type { TaskSpec } from '../domain/task.ts';
import type { UntimedEvent } from './untimed-event.ts';

type Redact = (text: string) => string;

/** Keys whose values are the board's own words: they stay as they are. */
const words: ReadonlySet<string> = new Set([
  ...['sessionId', 'tip', 'kind', 'status', 'subtype', 'reason', 'code', 'signal', 'stopped', 'severity'],
]);

/** The event without secrets. */
export function redactEvent(event: UntimedEvent, redact: Redact): UntimedEvent {
  switch (event.type) {
    case 'taken-in':
      return { ...event, outcome: redactOutcome(event.outcome, redact) };
    case 'task-loaded': {
      const { spec, diagnostics, lastRun } = event.loaded;
      const told = redactTexts({ diagnostics, lastRun }, redact);
      return { ...event, loaded: { ...event.loaded, ...told, spec: redactTitle(spec, redact) } };
    }
    case 'verdicts-read':
      return { ...event, verdicts: new Map([...event.verdicts].map(([key, read]) => [key, redactRead(read, redact)])) };
    case 'task-read':
      return { ...event, spec: redactTitle(event.spec, redact), diagnostics: redactTexts(event.diagnostics, redact) };
    case 'run-planned':
      return { ...event, spec: redactTitle(event.spec, redact) };
    case 'settings-read':
      return { ...event, problems: redactTexts(event.problems, redact) };
    case 'run-seen':
      return { ...event, view: redactView(event.view, redact) };
    case 'run-exited':
      return { ...event, exit: { ...redactTexts(event.exit, redact), view: redactView(event.exit.view, redact) } };
    case 'work-inspected':
    case 'command-checked':
      return { ...event, evidence: redactTexts(event.evidence, redact) };
    case 'effect-failed':
      return { ...event, fault: redactTexts(event.fault, redact) };
    case 'trouble-changed':
      return { ...event, fault: redactTexts(event.fault, redact) };
    case 'task-unread':
      return { ...event, why: redact(event.why) };
    case 'disk-filled':
      return { ...event, detail: redact(event.detail) };
    case 'base-conflicted':
      return { ...event, conflict: redactTexts(event.conflict, redact) };
    case 'command-merged':
    case 'command-restacked':
      return event.outcome.kind === 'conflict' ? redactTexts(event, redact) : event;
    default:
      return event;
  }
}

function redactOutcome(outcome: TakenIn, redact: Redact): TakenIn {
  switch (outcome.kind) {
    case 'accepted': {
      const { spec, warnings } = outcome;
      return { ...outcome, spec: redactTitle(spec, redact), warnings: redactTexts(warnings, redact) };
    }
    case 'rejected':
      return { ...outcome, diagnostics: redactTexts(outcome.diagnostics, redact) };
    case 'failed':
      return { ...outcome, fault: redactTexts(outcome.fault, redact) };
    default:
      return outcome;
  }
}

/** Facts were written without secrets; a title is read from its file again. */
function redactRead(read: ReadVerdict, redact: Redact): ReadVerdict {
  return read.kind === 'missing' || read.kind === 'damaged' ? { ...read, spec: redactTitle(read.spec, redact) } : read;
}

/** A session's id that holds a secret is none: with a part replaced it would name another session. */
function redactView(view: RunView, redact: Redact): RunView {
  const { sessionId } = view;
  const redacted = redactTexts(view, redact);
  return sessionId === null || redact(sessionId) === sessionId ? redacted : { ...redacted, sessionId: null };
}

function redactTitle<Spec extends TaskSpec | null>(spec: Spec, redact: Redact): Spec {
  return spec === null ? spec : { ...spec, title: redact(spec.title) };
}

/** The event without secrets in others' texts; the board's own words stay. */
export function redactTexts<Data>(data: Data, redact: Redact): Data {
  return mapTexts(data, redact, words) as Data;
}

/**
 * Plain data with each of its texts changed, keys and what is below the keys in `kept` left alone; the same object
 * where nothing changed.
 */
export function mapTexts(data: unknown, change: Redact, kept: ReadonlySet<string> = new Set()): unknown {
  if (typeof data === 'string') return change(data);
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) {
    const items = data.map((item) => mapTexts(item, change, kept));
    return items.some((item, index) => item !== data[index]) ? items : data;
  }
  const before = Object.entries(data);
  const after = before.map(([key, value]): [string, unknown] => [
    key,
    kept.has(key) ? value : mapTexts(value, change, kept),
  ]);
  return after.some(([, value], index) => value !== before[index]?.[1]) ? Object.fromEntries(after) : data;
}
