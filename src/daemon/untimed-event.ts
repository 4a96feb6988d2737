/** An event before the daemon puts its time on it: the result of an effect, or an observation from outside. */
import type { BoardEvent } from '../domain/event.ts';

type Untimed<Event> = Event extends unknown ? Omit<Event, 'at'> : never;

/** An event without its time. */
export type UntimedEvent = Untimed<BoardEvent>;
