/**
 * Takes secrets out of the news before it enters the board, since whatever is kept, shown or told later comes from
 * there. A task's own text is the prompt and belongs to the user: of a task only its title is told to others.
 */
import type { TakenIn } from '../domain/event.ts';
import type { RunView } from '../domain/run.ts';
import type { ReadVerdict } from '../domain/task-facts.ts';
import type { TaskSpec } from '../domain/task.ts';
import type { News } from './untimed-event.ts';

type Redact = (text: string) => string;

/** Words that the board works with and nobody writes: they stay as they are. */
const words: ReadonlySet<string> = new Set([
  ...['sessionId', 'tip', 'kind', 'status', 'subtype', 'reason', 'code', 'signal', 'stopped', 'severity'],
]);

/** The news without secrets. */
export function redactNews(news: News, redact: Redact): News {
  switch (news.type) {
    case 'taken-in':
      return { ...news, outcome: redactOutcome(news.outcome, redact) };
    case 'task-loaded': {
      const { spec, diagnostics, lastRun } = news.loaded;
      const told = redactTexts({ diagnostics, lastRun }, redact);
      return { ...news, loaded: { ...news.loaded, ...told, spec: redactTitle(spec, redact) } };
    }
    case 'verdicts-read':
      return { ...news, verdicts: new Map([...news.verdicts].map(([key, read]) => [key, redactRead(read, redact)])) };
    case 'task-read':
      return { ...news, spec: redactTitle(news.spec, redact), diagnostics: redactTexts(news.diagnostics, redact) };
    case 'run-planned':
      return { ...news, spec: redactTitle(news.spec, redact) };
    case 'settings-read':
      return { ...news, problems: redactTexts(news.problems, redact) };
    case 'run-seen':
      return { ...news, view: redactView(news.view, redact) };
    case 'run-exited':
      return { ...news, exit: { ...redactTexts(news.exit, redact), view: redactView(news.exit.view, redact) } };
    case 'work-inspected':
      return { ...news, evidence: redactTexts(news.evidence, redact) };
    case 'effect-failed':
      return { ...news, fault: redactTexts(news.fault, redact) };
    case 'trouble-changed':
      return { ...news, fault: redactTexts(news.fault, redact) };
    case 'task-unread':
      return { ...news, why: redact(news.why) };
    case 'disk-filled':
      return { ...news, detail: redact(news.detail) };
    case 'base-conflicted':
      return { ...news, conflict: redactTexts(news.conflict, redact) };
    default:
      return news;
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

/** What others told without secrets; the board's own words stay. */
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
