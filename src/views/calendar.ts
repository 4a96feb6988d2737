import type { Clock } from '../ports.ts';

/** What tells the time as a person reads it, perhaps always that of one moment. */
export type Calendar = Pick<Clock, 'now' | 'day' | 'timeOfDay'>;
