/**
 * Tells the user what they may want to hear, as the setting `notify` says: by a command, by a URL, or on the desktop. What
 * comes within two seconds is one notification, and each kind of news comes at most once a minute: a night of forty tasks
 * is no night of forty alarms.
 */
import { basename } from 'node:path';
import type { HistoryEntry } from '../../domain/history.ts';
import { unreachable } from '../../domain/result.ts';
import type { Argv } from '../../domain/task.ts';
import type { Clock } from '../../ports.ts';

/** A notification that takes longer is ended: nobody waits for it. */
const notifyTimeoutMs = 30_000;
const gatherMs = 2_000;
const sameKindEveryMs = 60_000;
/** Of more, the number alone is told. */
const maxLines = 10;

/** Kinds of news, the most urgent first: it names a notification of several. */
const kinds = ['stopped', 'held', 'attention', 'idle', 'done', 'lifted'] as const;
type Kind = (typeof kinds)[number];

/** One thing to tell. */
interface News {
  readonly kind: Kind;
  /** A task's id, or empty. */
  readonly task: string;
  readonly detail: string;
}

/** A notification's content: a command finds it in its environment, a URL in the JSON that is posted. */
interface Notification {
  readonly event: Kind;
  /** Ids with spaces between. */
  readonly task: string;
  /** A line for each piece of news. */
  readonly detail: string;
}

/** How a notifier reaches the user, and what it stands on. */
export interface NotifierOptions {
  /** The setting `notify` as it is now. */
  readonly notify: () => Argv | null;
  /** The repository's top folder, in which commands run. */
  readonly topLevel: string;
  readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  /** Told why a notification failed. */
  readonly onTrouble: (message: string) => void;
}

/** See the file's head. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #toldAt = new Map<Kind, number>();
  #waiting: readonly News[] = [];
  #forget: (() => void) | null = null;
  #telling: Promise<void> = Promise.resolve();
  /** Columns of the tasks that were settled since the board was idle. */
  #settled: readonly string[] = [];

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Something happened. */
  hear(entry: HistoryEntry): void {
    const news = describe(entry);
    if (news === null) return;
    if (news.task !== '') this.#settled = [...this.#settled, news.kind];
    this.#tellSoon(news);
  }

  /** Tells once that the board has nothing to do without the user, where tasks were settled since it was so last. */
  hearIdle(isIdle: () => boolean): void {
    if (this.#settled.length === 0 || !isIdle()) return;
    const count = (kind: Kind) => String(this.#settled.filter((each) => each === kind).length);
    const detail = `the board is idle: ${count('done')} done, ${count('attention')} need you`;
    this.#settled = [];
    this.#tellSoon({ kind: 'idle', task: '', detail });
  }

  /** Tells at once what waits; resolves when it is told, and never rejects. */
  async flush(): Promise<void> {
    this.#forget?.();
    this.#forget = null;
    this.#tell(this.#waiting);
    await this.#telling;
  }

  #tellSoon(news: News): void {
    this.#waiting = [...this.#waiting, news];
    this.#forget ??= this.#options.clock.setTimer(gatherMs, () => this.#tellDue());
  }

  #tellDue(): void {
    this.#forget = null;
    const now = this.#options.clock.now();
    const dueIn = ({ kind }: News) => (this.#toldAt.get(kind) ?? -Infinity) + sameKindEveryMs - now;
    // A clock that was set back must not keep news waiting.
    const isDue = (news: News) => dueIn(news) <= 0 || dueIn(news) > sameKindEveryMs;
    const due = this.#waiting.filter(isDue);
    this.#tell(due);
    if (this.#waiting.length === 0) return;
    const next = Math.min(...this.#waiting.map(dueIn));
    this.#forget = this.#options.clock.setTimer(Math.max(gatherMs, next), () => this.#tellDue());
  }

  #tell(news: readonly News[]): void {
    this.#waiting = this.#waiting.filter((each) => !news.includes(each));
    const argv = this.#options.notify();
    const event = kinds.find((kind) => news.some((each) => each.kind === kind));
    if (event === undefined) return;
    for (const { kind } of news) this.#toldAt.set(kind, this.#options.clock.now());
    if (argv === null) return;
    this.#telling = Promise.all([this.#telling, this.#send(argv, join(event, news))]).then(() => undefined);
  }

  async #send(argv: Argv, notification: Notification): Promise<void> {
    const trouble = await send(argv, notification, this.#options.topLevel).catch((error: unknown) => String(error));
    if (trouble !== null) this.#options.onTrouble(`notify: ${trouble}`);
  }
}

/** Null for what is only progress. */
function describe(entry: HistoryEntry): News | null {
  switch (entry.type) {
    case 'task-settled':
      if (entry.column !== 'done' && entry.column !== 'attention') return null;
      return { kind: entry.column, task: entry.task, detail: entry.detail };
    case 'held':
      return { kind: 'held', task: '', detail: `${entry.reason}: ${entry.detail}` };
    case 'hold-lifted':
      return { kind: 'lifted', task: '', detail: `${entry.reason} is over` };
    case 'board-stopped':
      return entry.fault === undefined ? null : { kind: 'stopped', task: '', detail: entry.fault };
    default:
      return null;
  }
}

/** One piece of news is told in its own words; of several each says what it is about. */
function join(event: Kind, news: readonly News[]): Notification {
  const task = [...new Set(news.map((each) => each.task).filter((id) => id !== ''))].join(' ');
  const [only] = news;
  if (news.length === 1 && only !== undefined) return { event, task, detail: only.detail };
  const lines = news.map((each) => `${[each.kind, each.task].filter((word) => word !== '').join(' ')}: ${each.detail}`);
  const more = lines.length > maxLines ? [`… and ${String(lines.length - maxLines)} more`] : [];
  return { event, task, detail: [...lines.slice(0, maxLines), ...more].join('\n') };
}

/** Sends one notification; returns what went wrong, or null. */
async function send(argv: Argv, notification: Notification, topLevel: string): Promise<string | null> {
  const way = chooseWay(argv);
  switch (way.kind) {
    case 'url': {
      const repository = basename(topLevel);
      const response = await fetch(way.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...notification, repository, text: `${repository}: ${describeShort(notification)}` }),
        redirect: 'error',
        signal: AbortSignal.timeout(notifyTimeoutMs),
      });
      return response.ok ? null : `the URL answered with status ${String(response.status)}`;
    }
    case 'command': {
      const { execa } = await import('execa');
      const [program, ...args] = way.argv(notification);
      const { failed, shortMessage } = await execa(program, args, {
        cwd: topLevel,
        env: {
          BRANCHBOARD_EVENT: notification.event,
          BRANCHBOARD_TASK: notification.task,
          BRANCHBOARD_DETAIL: notification.detail,
        },
        stdio: 'ignore',
        timeout: notifyTimeoutMs,
        reject: false,
      });
      return failed ? (shortMessage ?? 'it failed') : null;
    }
    default:
      return unreachable(way);
  }
}

type SendingWay =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'command'; readonly argv: (notification: Notification) => Argv };

function chooseWay(argv: Argv): SendingWay {
  const [word, ...rest] = argv;
  if (rest.length === 0 && /^https?:\/\//.test(word)) return { kind: 'url', url: word };
  if (rest.length > 0 || word !== 'desktop') return { kind: 'command', argv: () => argv };
  return { kind: 'command', argv: (notification) => desktopCommand(describeShort(notification)) };
}

/** The platform's own program for notifications. The text is an argument of its own, so that it is never read as a script or an option. */
function desktopCommand(text: string): Argv {
  if (process.platform !== 'darwin') return ['notify-send', '--app-name=branchboard', '--', 'branchboard', text];
  const script = ['on run argv', 'display notification (item 1 of argv) with title "branchboard"', 'end run'];
  return ['osascript', ...script.flatMap((line) => ['-e', line]), text];
}

function describeShort({ event, task, detail }: Notification): string {
  return detail.includes('\n') ? detail : `${[event, task].filter((word) => word !== '').join(' ')}: ${detail}`;
}
