/** Reads what Claude Code says about the account's usage limit: the message `rate_limit_event`. */
import type { UsageLimit } from '../../../domain/account-limit.ts';
import { asNumber, asObject, asString, type JsonObject } from '../../machine/json-shape.ts';

/** Such as `five_hour`. */
const limitKind = /^[a-z_]{1,40}$/;
/** Numbers above are times in milliseconds already; as seconds they would lie beyond the year 5000. */
const maxUnixSeconds = 1e11;
/** No date stands for a later time, in milliseconds since the epoch. */
const maxDateMs = 8.64e15;

/** The limit that a message tells of, or null where it has none of a known status. */
export function readUsageLimit(message: JsonObject): UsageLimit | null {
  const info = asObject(message['rate_limit_info']);
  const status = toLimitStatus(info?.['status']);
  if (info === null || status === null) return null;
  const kind = asString(info['rateLimitType']);
  return {
    status,
    resetsAt: readResetTime(info['resetsAt']),
    kind: kind !== null && limitKind.test(kind) ? kind : null,
  };
}

/** In milliseconds; null for what is no date. Whether that date makes sense is for those to say who have a clock. */
function readResetTime(value: unknown): number | null {
  const resets = asNumber(value);
  if (resets === null || resets < 0) return null;
  const ms = resets > maxUnixSeconds ? resets : resets * 1000;
  return ms <= maxDateMs ? ms : null;
}

function toLimitStatus(value: unknown): UsageLimit['status'] | null {
  switch (value) {
    case 'allowed':
      return 'allowed';
    case 'allowed_warning':
      return 'allowed-warning';
    case 'rejected':
      return 'rejected';
    default:
      return null;
  }
}
