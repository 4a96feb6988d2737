/** News: what came of an effect, or was seen outside, before its time is put on it and it is an event. */
import type { BoardEvent } from '../domain/event.ts';

type Untimed<Event> = Event extends unknown ? Omit<Event, 'at'> : never;

/** An event without its time. */
export type News = Untimed<BoardEvent>;
