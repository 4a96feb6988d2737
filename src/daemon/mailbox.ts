/** A bounded queue of events with one consumer, which handles them one at a time. */
import { limits } from '../domain/limits.ts';

/** Takes messages from anywhere and hands them to its consumer in order, never two at once. */
export class Mailbox<Message> {
  readonly #waiting: Message[] = [];
  readonly #consume: (messages: readonly Message[]) => void;
  #scheduled = false;

  /** `consume` is called with all messages that wait, soon after the first of them was posted. */
  constructor(consume: (messages: readonly Message[]) => void) {
    this.#consume = consume;
  }

  /** Adds a message. Throws if more wait than `limits.maxMailboxEvents`: then the consumer is stuck. */
  post(message: Message): void {
    if (this.#waiting.length >= limits.maxMailboxEvents) throw new Error('the mailbox is full');
    this.#waiting.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    this.#scheduled = false;
    this.#consume(this.#waiting.splice(0));
  }
}
