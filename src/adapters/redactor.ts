/**
 * Takes secrets out of text from outside before it is kept or shown: the values of environment variables whose names
 * say that they are secret, and tokens of well-known shapes. Commands to a terminal and what is not seen go as well, since
 * a secret that is coloured in its middle would be whole again where they are taken out later.
 *
 * Time is linear in the text: a pattern begins at a fixed prefix and ends where its characters end, or can begin only
 * where no character of its own stands before it.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { stripHidden } from '../domain/visible-text.ts';

/** Replaces secrets by `[redacted NAME]`, or `[redacted]` where they have no name. */
export type Redactor = (text: string) => string;

/** Variables of such names hold secrets. */
const secretName = /(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS)$/i;

/** A shorter value is left alone: it would be found in words that have nothing to do with it. */
const minSecretChars = 8;
/** A line of a value of several lines is a secret of its own from this length on. */
const minLineChars = 16;
/** No text from outside is cut to fewer characters. */
const minCutTextChars = 100;
/** Stands where a text was cut. */
const ellipsis = '…';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Secret {
  readonly name: string;
  readonly value: string;
}

/**
 * A redactor for the secrets in these environments. A value that is the absolute path of something that exists is none: it says
 * where a secret is.
 */
export function createRedactor(
  environments: readonly Environment[],
  exists: (path: string) => boolean = existsSync,
): Redactor {
  const secrets = environments.flatMap((environment) => listSecrets(environment, exists));
  const redactValues = createValueRedactor(secrets);
  return (text) => redactShapes(redactValues(stripHidden(text)));
}

function listSecrets(environment: Environment, exists: (path: string) => boolean): readonly Secret[] {
  return Object.entries(environment).flatMap(([name, raw]) => {
    const value = raw?.trim() ?? '';
    if (!secretName.test(name) || value.length < minSecretChars) return [];
    return path.isAbsolute(value) && exists(value) ? [] : [{ name, value }];
  });
}

/** The longest values come first, so that one that begins like another is taken whole. */
function createValueRedactor(secrets: readonly Secret[]): Redactor {
  if (secrets.length === 0) return (text) => text;
  const nameOf = new Map<string, string>();
  for (const { name, value } of secrets) {
    for (const form of listForms(value)) if (!nameOf.has(form)) nameOf.set(form, name);
  }
  // What is redacted already stays as it is, even if a name or the word is somebody's secret.
  const marks = secrets.map(({ name }) => mark(name));
  const forms = [...nameOf.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp([...marks, ...forms].map(escapeForRegExp).join('|'), 'g');
  return (text) =>
    redactCutEnds(text, secrets, nameOf).replace(pattern, (found) => {
      const name = nameOf.get(found);
      return name === undefined || marks.includes(found) ? found : mark(name);
    });
}

/** A value as it is, as it stands in JSON and in URLs, and each of its longer lines. */
function listForms(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const long = lines.length > 1 ? lines.filter((line) => line.length >= minLineChars) : [];
  return [value, JSON.stringify(value).slice(1, -1), encodeForUrl(value), ...long];
}

function encodeForUrl(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    // Half a character can't be encoded.
    return value;
  }
}

/** Text from outside is bounded before it comes here, so that a secret may be cut off at its beginning or its end. */
function redactCutEnds(text: string, secrets: readonly Secret[], nameOf: ReadonlyMap<string, string>): string {
  // What was quoted in the middle of a text ends with an ellipsis where it was cut.
  const parts = text.split(ellipsis).map((part, index, all) => {
    const isCut = index < all.length - 1 || text.length >= minCutTextChars;
    return isCut ? redactCutEnd(part, nameOf) : part;
  });
  let redacted = parts.join(ellipsis);
  if (text.length < minCutTextChars) return redacted;
  for (const { name, value } of secrets) {
    const head = findOverlap(value, redacted);
    if (head > 0) redacted = mark(name) + redacted.slice(head);
  }
  return redacted;
}

function redactCutEnd(text: string, nameOf: ReadonlyMap<string, string>): string {
  let redacted = text;
  for (const [form, name] of nameOf) {
    const tail = findOverlap(redacted, form);
    if (tail > 0) redacted = redacted.slice(0, redacted.length - tail) + mark(name);
  }
  return redacted;
}

/** Whether a text was cut there, or may have been. */
function isCutAt(text: string, index: number): boolean {
  return text.startsWith(ellipsis, index) || (index === text.length && text.length >= minCutTextChars);
}

/** How long the longest end of `left` is, short of a whole secret, that `right` begins with; 0 below the bound. */
function findOverlap(left: string, right: string): number {
  for (let length = Math.min(left.length, right.length) - 1; length >= minSecretChars; length--) {
    if (right.startsWith(left.slice(left.length - length))) return length;
  }
  return 0;
}

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
];

/** Found in front of its secret, which alone is replaced. */
const labelled: readonly RegExp[] = [
  /(\baws_?(?:secret_?access_?key|session_?token)["']?\s{0,4}[:=]\s{0,4}["']?)[\w/+=-]{30,}/gi,
  /(\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:basic|bearer|token)\s{1,4})[^\s"',;]{8,}/gi,
  /(:\/\/[^\s/:@"'<>]*:)[^\s/"'<>]+(?=@)/g,
];

const anyPrefixed = new RegExp(`(?<![A-Za-z0-9])(?:${prefixed.map((parts) => parts.join('')).join('|')})`, 'g');
/** One whose end may have been cut off. */
const anyBegun = new RegExp(`(?<![A-Za-z0-9])(?:${prefixed.map(([start]) => start).join('|')})[\\w.+/=-]{6,}`, 'g');
const jsonWebToken = /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/g;
const bearer = /(\bbearer\s{1,4})([\w.~+/=-]{16,})/gi;
const keyLabel = '[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----';
/** A key whose end is missing goes on to the next line of dashes, or to the end of the text. */
const privateKey = new RegExp(`-----BEGIN ${keyLabel}[^-]*(?:-(?!----)[^-]*)*(?:-----END ${keyLabel})?`, 'g');
/** A key whose beginning was cut off with the rest of the text. */
const endOfPrivateKey = new RegExp(`^[A-Za-z0-9+/=\\s]*-----END ${keyLabel}`);

function redactShapes(text: string): string {
  let redacted = text
    .replace(privateKey, mark())
    .replace(endOfPrivateKey, mark())
    .replace(jsonWebToken, mark())
    // Words joined by dashes look like such a token, but hold no digit.
    .replace(anyPrefixed, (found) => (/\d/.test(found) ? mark() : found))
    .replace(anyBegun, (found, at: number, whole: string) =>
      /\d/.test(found) && isCutAt(whole, at + found.length) ? mark() : found,
    )
    .replace(bearer, (found, label: string, value: string) => (/\d/.test(value) ? label + mark() : found));
  for (const pattern of labelled) redacted = redacted.replace(pattern, `$1${mark()}`);
  return redacted;
}

function mark(name?: string): string {
  return name === undefined ? '[redacted]' : `[redacted ${name}]`;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
