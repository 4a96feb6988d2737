/**
 * Decides which lines of a stream belong to the run's own session. A fresh session has the id that the board chose. A
 * resumed one has it too or, in some versions of Claude Code, another one that the stream's first `init` names. A later
 * `init` changes nothing, so that added lines can't make the agent's own ones foreign.
 */
import type { Session } from '../../../domain/run.ts';
import { asString, type JsonObject } from '../../machine/json-shape.ts';

/** A session's id, which an agent tells and which becomes an argument of the next run's command. */
const idShape = /^[A-Za-z0-9][\w-]{0,63}$/;

/** The ids that are the run's own. */
export interface OwnSession {
  readonly planned: string;
  readonly renamed: string | null;
  /** The next `init` may tell another id. */
  readonly mayRename: boolean;
}

/** The session as it was planned, before anything was heard of it. */
export function planSession({ mode, id }: Session): OwnSession {
  return { planned: id, renamed: null, mayRename: mode === 'resume' };
}

/** Takes the id that an `init` tells. */
export function hearInit(own: OwnSession, init: JsonObject): OwnSession {
  if (!own.mayRename) return own;
  const id = asString(init['session_id']);
  const isNew = id !== null && id !== own.planned && idShape.test(id);
  return { ...own, renamed: isNew ? id : null, mayRename: false };
}

/**
 * Whether a line is of the run's own session. Claude Code names the session in every line; one that names none is taken
 * for the run's own only with `orNone`, where nothing depends on it.
 */
export function isOwnLine({ planned, renamed }: OwnSession, line: JsonObject, orNone: boolean): boolean {
  const id = line['session_id'];
  if (id === undefined) return orNone;
  return id === planned || (renamed !== null && id === renamed);
}
