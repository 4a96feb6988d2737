/**
 * Finds secrets by their shape alone: tokens with their maker's prefix, private keys, and values behind a label or in
 * an address that is a secret as a whole.
 *
 * Time is linear in the text: a pattern begins at a fixed prefix and ends where its characters end, or can begin only
 * where no character of its own stands before it.
 */
import type { Find } from './secret-forms.ts';

/** Tokens that their first characters give away, and what follows, which is taken as far as it goes. */
const prefixed: readonly (readonly [start: string, rest: string])[] = [
  ['sk-ant-', '[\\w-]{16,}'], // Anthropic
  ['sk-(?:proj-|svcacct-|admin-|or-)?', '[\\w-]{20,}'], // OpenAI and those that took its shape over
  ['gh[pousr]_', '[A-Za-z0-9]{20,}'], // GitHub
  ['github_pat_', '\\w{20,}'],
  ['gl(?:pat|dt|rt|cbt|ptt|soat|agent)-', '[\\w.-]{16,}'], // GitLab
  ['(?:AKIA|ASIA)', '[A-Z0-9]{16}(?![A-Za-z0-9])'], // AWS
  ['xox[abeoprs]-', '[A-Za-z0-9-]{10,}'], // Slack
  ['xapp-', '[A-Za-z0-9-]{10,}'],
  ['AIza', '[\\w-]{35}'], // Google
  ['ya29\\.', '[\\w-]{20,}'],
  ['GOCSPX-', '[\\w-]{20,}'],
  ['npm_', '[A-Za-z0-9]{30,}'],
  ['pypi-', '[\\w-]{50,}'],
  ['hf_', '[A-Za-z0-9]{30,}'], // Hugging Face
  ['[sr]k_(?:live|test)_', '[A-Za-z0-9]{10,}'], // Stripe
  ['whsec_', '[A-Za-z0-9+/=]{20,}'],
  ['SG\\.', '[\\w.-]{40,}'], // SendGrid
  ['do[opr]_v1_', '[a-f0-9]{40,}'], // DigitalOcean
  ['dckr_pat_', '[\\w-]{20,}'], // Docker
  ['shp(?:at|ca|pa|ss)_', '[A-Fa-f0-9]{20,}'], // Shopify
  ['ATATT3', '[\\w=-]{40,}'], // Atlassian
  ['hv[sb]\\.', '[\\w-]{20,}'], // Vault
  ['AGE-SECRET-KEY-1', '[A-Z0-9]{40,}'],
];

/** A slash in an address, as it is or as some write it in JSON. */
const slash = '(?:\\\\?/)';
const address = `:${slash}{2}`;

/** Addresses that are a secret themselves, since who knows one may post to it: the host, and what is taken. */
const webhooks: readonly (readonly [host: string, path: string])[] = [
  ['hooks\\.slack(?:-gov)?\\.com', '(?:services|workflows|triggers)'],
  ['discord(?:app)?\\.com', `api${slash}(?:v\\d{1,2}${slash})?webhooks`],
  ['webhook\\.office\\.com', 'webhookb2'], // Teams
  ['outlook\\.office(?:365)?\\.com', 'webhook'],
  ['logic\\.azure\\.com(?::\\d{1,5})?', 'workflows'],
  ['powerplatform\\.com(?::\\d{1,5})?', 'powerautomate'],
  ['chat\\.googleapis\\.com', 'v1'],
  ['hooks\\.zapier\\.com', 'hooks'],
  ['hook\\.(?:[a-z0-9]{1,8}\\.)?(?:make|integromat)\\.com', ''],
  ['maker\\.ifttt\\.com', 'trigger'],
  ['api\\.telegram\\.org', ''],
  ['open\\.(?:feishu\\.cn|larksuite\\.com)', `open-apis${slash}bot`],
  ['oapi\\.dingtalk\\.com', 'robot'],
  ['qyapi\\.weixin\\.qq\\.com', `cgi-bin${slash}webhook`],
  ['hc-ping\\.com', ''],
  ['events\\.pagerduty\\.com', 'integration'],
];
/** Characters that end an address; a mark of an earlier redaction stands as NULs. */
const inAddress = `[^\\s"'<>\`\\0\u2026]`;

interface Shape {
  /** Its first group, if it has one, is a label that stays. */
  readonly pattern: RegExp;
  /** Words joined by dashes look like some tokens, but hold no digit. */
  readonly needsDigit?: true;
  /** Only where the text was cut behind it: the rest of it is missing. */
  readonly needsCut?: true;
}

const keyLabel = '[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----';

const shapes: readonly Shape[] = [
  // A key whose end is missing goes on to the next line of dashes, or to the end of the text.
  { pattern: new RegExp(`-----BEGIN ${keyLabel}[^-]*(?:-(?!----)[^-]*)*(?:-----END ${keyLabel})?`, 'g') },
  // A key whose beginning was cut off with the rest of the text.
  { pattern: new RegExp(`^[A-Za-z0-9+/=\\s]*-----END ${keyLabel}`, 'g') },
  // A JSON web token.
  { pattern: /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/g },
  {
    pattern: new RegExp(`(?<![A-Za-z0-9])(?:${prefixed.map((parts) => parts.join('')).join('|')})`, 'g'),
    needsDigit: true,
  },
  {
    pattern: new RegExp(`(?<![A-Za-z0-9])(?:${prefixed.map(([start]) => start).join('|')})[\\w.+/=-]{6,}`, 'g'),
    needsDigit: true,
    needsCut: true,
  },
  { pattern: /(\bbearer\s{1,4})[\w.~+/=-]{16,}/gi, needsDigit: true },
  { pattern: /(\baws_?(?:secret_?access_?key|session_?token)["']?\s{0,4}[:=]\s{0,4}["']?)[\w/+=-]{30,}/gi },
  { pattern: /(\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)\s{1,4})[^\s"',;\0]{8,}/gi },
  // A password in an address, and a token that stands there alone.
  { pattern: new RegExp(`(${address}[^\\s/:@"'<>\\0]*:)[^\\s/"'<>\\0]+(?=@)`, 'g') },
  { pattern: new RegExp(`(${address})[\\w-]{20,}(?=@)`, 'g'), needsDigit: true },
  { pattern: new RegExp(`(\\b(?:${webhooks.map(joinAddress).join('|')}))${inAddress}{8,}`, 'gi') },
  // A key in an address.
  {
    pattern: new RegExp(
      `([?&](?:access_?token|auth|token|api_?key|key|sig|signature|secret|password|x-amz-signature)=)[\\w.%~+/=-]{16,}`,
      'gi',
    ),
    needsDigit: true,
  },
];

function joinAddress([host, path]: (typeof webhooks)[number]): string {
  return `${host}${slash}${path === '' ? '' : `${path}${slash}`}`;
}

/** The secrets of known shapes in a text; `isCutAt` tells where it was cut off. */
export function findShapes(text: string, isCutAt: (index: number) => boolean): readonly Find[] {
  const finds: Find[] = [];
  for (const { pattern, needsDigit, needsCut } of shapes) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const [found, label = ''] = match;
      const [start, end] = [match.index + label.length, match.index + found.length];
      if (needsDigit === true && !/\d/.test(text.slice(start, end))) continue;
      if (needsCut === true && !isCutAt(end)) continue;
      finds.push({ start, end, name: null });
    }
  }
  return finds;
}
