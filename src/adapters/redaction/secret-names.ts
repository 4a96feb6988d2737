/**
 * Finds the variables of an environment that hold secrets. One word of a name is enough (`SECRET_KEY_BASE`,
 * `dbPassword`, `PGPASSWORD`), unless the last word says that the value only points to a secret (`TOKEN_FILE`,
 * `AWS_ACCESS_KEY_ID`). A value counts as well if it holds a password in an address or behind a name of its own
 * (`postgres://app:…@db`, `pwd=…;`).
 */
import { homedir } from 'node:os';
import path from 'node:path';
import { stripHidden } from '../../domain/visible-text.ts';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that must not be shown, and the variable that holds it. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** A shorter value is left alone: it would be found in words that have nothing to do with it. */
export const minSecretChars = 8;

/** They make a name a secret's also where they are run together with other words. */
const tellingParts =
  /PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRET|TOKEN|CREDENTIAL|COOKIE|AUTHORI[SZ]ATION|WEBHOOK|MNEMONIC/;
/** The same at the end of a word, such as `APIKEY` and `MYSQLPWD`. */
const tellingEnds = /(?:KEY|PASS|PWD|AUTH|DSN|CRED)S?$/;
/** The same where they stand alone. */
const tellingWords: ReadonlySet<string> = new Set(['PAT', 'PATS', 'PW', 'JWT', 'BEARER', 'OTP', 'PIN']);

/** Words that hold one of these and mean something else. */
const innocentWords: ReadonlySet<string> = new Set([
  ...['TOKENIZE', 'TOKENIZER', 'TOKENIZERS', 'TOKENIZATION', 'PASSWORDLESS', 'COOKIECUTTER', 'SECRETARY', 'ASKPASS'],
  ...[
    'BYPASS',
    'COMPASS',
    'OVERPASS',
    'UNDERPASS',
    'HOTKEY',
    'HOTKEYS',
    'MONKEY',
    'DONKEY',
    'TURKEY',
    'HOCKEY',
    'WHISKEY',
  ],
  'OLDPWD',
]);

/**
 * Words for a secret's name, place or use. As the last word of a variable's name they show that the value is no secret
 * itself.
 */
const properties: ReadonlySet<string> = new Set([
  ...[
    'ID',
    'IDS',
    'NAME',
    'USER',
    'USERNAME',
    'EMAIL',
    'TYPE',
    'KIND',
    'METHOD',
    'MODE',
    'FORMAT',
    'ENCODING',
    'VERSION',
  ],
  ...[
    'FILE',
    'FILES',
    'FILENAME',
    'PATH',
    'PATHS',
    'DIR',
    'DIRECTORY',
    'FOLDER',
    'STORE',
    'LOCATION',
    'SOCK',
    'SOCKET',
  ],
  ...[
    'URL',
    'URI',
    'ENDPOINT',
    'HOST',
    'HOSTNAME',
    'PORT',
    'DOMAIN',
    'REGION',
    'SERVER',
    'SERVICE',
    'PROVIDER',
    'BACKEND',
  ],
  ...[
    'LENGTH',
    'LEN',
    'SIZE',
    'BITS',
    'COUNT',
    'LIMIT',
    'MAX',
    'MIN',
    'TTL',
    'AGE',
    'TIMEOUT',
    'MS',
    'SECONDS',
    'DAYS',
  ],
  ...['EXPIRY', 'EXPIRES', 'EXPIRATION', 'ALG', 'ALGO', 'ALGORITHM', 'ENABLED', 'DISABLED', 'REQUIRED', 'PARALLELISM'],
  ...['ISSUER', 'AUDIENCE', 'SCOPE', 'SCOPES', 'REALM', 'STRATEGY', 'POLICY', 'COMMAND', 'CMD', 'HELPER', 'PROGRAM'],
]);

/** Names of addresses that accept posts without a login, and of the half of a login that Vault calls an id. */
const tellingEndings = /WEBHOOK(?:S|_.*)?_UR[IL]$|SECRET_ID$/;

/** Values that stand in such variables and all over a board: they would be taken out where they mean nothing. */
const commonValues: ReadonlySet<string> = new Set([
  ...[
    'true',
    'false',
    'yes',
    'no',
    'on',
    'off',
    'none',
    'null',
    'auto',
    'basic',
    'bearer',
    'digest',
    'oauth',
    'oauth2',
  ],
  ...[
    'default',
    'test',
    'testing',
    'example',
    'local',
    'admin',
    'root',
    'user',
    'guest',
    'public',
    'private',
    'secret',
  ],
  ...[
    'password',
    'passwords',
    'passphrase',
    'credentials',
    'changeme',
    'username',
    'undefined',
    'anonymous',
    'localhost',
  ],
  ...['production', 'development', 'staging', 'database', 'postgres', 'postgresql', 'internal', 'external', 'standard'],
  ...['disabled', 'required', 'optional', 'automatic', 'keychain', 'osxkeychain', 'keyring', 'kerberos', 'encrypted'],
  ...['plaintext', 'unlimited', 'administrator', 'developer', 'readonly', 'readwrite', 'read-only', 'read-write'],
]);

/** Whether a variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  const words = listWords(name);
  if (tellingEndings.test(words.join('_'))) return true;
  // `PWD` alone is the shell's folder.
  if (words.length === 1 && words[0] === 'PWD') return false;
  return !properties.has(words.at(-1) ?? '') && words.some(isTelling);
}

/** The words of a name in capitals, without its digits: `dbPassword2` and `DB_PASSWORD_2` are `DB`, `PASSWORD`. */
function listWords(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3_$2$4')
    .toUpperCase()
    .split(/[^A-Z]+/)
    .filter((word) => word !== '');
}

function isTelling(word: string): boolean {
  if (innocentWords.has(word)) return false;
  return tellingWords.has(word) || tellingEnds.test(word) || tellingParts.test(word);
}

/**
 * Whether a variable holds a secret, by its name or by its value, however short that is. The path of something that exists
 * is none: it says where a secret is.
 */
export function holdsSecret(name: string, value: string, exists: (path: string) => boolean): boolean {
  return (isSecretName(name) && isWorthHiding(name, value, exists)) || listInner(value).length > 0;
}

/** The secrets of an environment that are long enough to be looked for. */
export function listSecrets(environment: Environment, exists: (path: string) => boolean): readonly Secret[] {
  return Object.entries(environment).flatMap(([name, raw]) => {
    const value = stripHidden(raw ?? '').trim();
    const isWhole = isSecretName(name) && isWorthHiding(name, value, exists);
    const values = [...(isWhole ? [value] : []), ...listInner(value)];
    return values.filter((each) => each.length >= minSecretChars).map((each) => ({ name, value: each }));
  });
}

function isWorthHiding(name: string, value: string, exists: (path: string) => boolean): boolean {
  if (value.trim() === '' || commonValues.has(value.toLowerCase())) return false;
  // `MAX_OUTPUT_TOKENS` counts.
  if (/^\d+$/.test(value) && /TOKENS$/i.test(name)) return false;
  const isPath = path.isAbsolute(value) || /^(?:~|\.\.?)\//.test(value);
  return !(isPath && exists(path.resolve(value.replace(/^~(?=\/)/, homedir()))));
}

/** A user's name, which may be missing, and their password before a host. */
const passwordInAddress = /:\/\/[^\s/:@"'<>]*:([^\s/"'<>]+)@/g;
/** `pwd=…` as in connection strings and queries, `"pwd": "…"` as in JSON. */
const namedInValue = /([A-Za-z][\w.-]{0,60})(?:\s?=\s?["']?|"\s{0,4}:\s{0,4}")([^\s"';&,$]+)/g;

/** Secrets within a value, as they stand there and decoded. */
function listInner(value: string): readonly string[] {
  const inAddress = [...value.matchAll(passwordInAddress)].map(([, password = '']) => password);
  const named = [...value.matchAll(namedInValue)].flatMap(([, name = '', inner = '']) =>
    isSecretName(name) ? [inner] : [],
  );
  const found = [...inAddress, ...named].filter((inner) => !commonValues.has(inner.toLowerCase()));
  return [...new Set(found.flatMap((inner) => [inner, decodeAddress(inner)]))];
}

function decodeAddress(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
