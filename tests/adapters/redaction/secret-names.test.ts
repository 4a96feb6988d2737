import { describe, expect, it } from 'vitest';
import { isSecretName, listSecrets } from '../../../src/adapters/redaction/secret-names.ts';
import { looksSecret } from '../../../src/adapters/redaction/redactor.ts';

const nothingExists = (path: string): boolean => path === '';

describe('a variable holds a secret by its name', () => {
  it.each([
    ...[
      'SECRET_KEY_BASE',
      'MYSQL_PWD',
      'SMTP_PASS',
      'KEY_PASSPHRASE',
      'GH_PAT',
      'REDISCLI_AUTH',
      'API_KEY_2',
      'API_KEY2',
    ],
    ...[
      'ACCESS_TOKEN_PROD',
      'SESSION_COOKIE',
      'REFRESH_TOKENS',
      'SIGNING_KEYS',
      'SENTRY_DSN',
      'TOKEN',
      'AWS_CREDENTIALS',
    ],
    ...[
      'DBPASSWORD',
      'PGPASSWORD',
      'APIKEY',
      'APIKEYS',
      'DBPWD',
      'SSHPASS',
      'GITHUBTOKEN',
      'CLIENTSECRET',
      'NPM_AUTHTOKEN',
    ],
    ...[
      'dbPassword',
      'apiKey',
      'accessTokenProd',
      'clientSecretV2',
      'DBPassword',
      'githubPat',
      'api-key',
      'client.secret',
    ],
    ...['npm_config__auth', 'HTTP_AUTHORIZATION', 'OAUTH_TOKEN', 'BASICAUTH', 'DB_PASSWD', 'DB_PW', 'USER_PASSWORDS'],
    ...[
      'SLACK_WEBHOOK_URL',
      'WEBHOOK_PROD_URL',
      'DISCORD_WEBHOOK',
      'VAULT_SECRET_ID',
      'AWS_SECRET_ACCESS_KEY',
      'CREDS',
    ],
  ])('%s', (name) => {
    expect(isSecretName(name)).toBe(true);
    if (name === name.toUpperCase()) expect(isSecretName(name.toLowerCase())).toBe(true);
  });

  it.each([
    ...[
      'AWS_ACCESS_KEY_ID',
      'SSH_AUTH_SOCK',
      'KEYBOARD',
      'KEYBOARD_LAYOUT',
      'XKB_DEFAULT_KEYMAP',
      'KEYTIMEOUT',
      'MONKEY',
    ],
    ...[
      'GIT_AUTHOR_NAME',
      'GIT_AUTHOR_EMAIL',
      'XAUTHORITY',
      'AUTHOR',
      'PATH',
      'PATTERN',
      'COMPAT',
      'PWD',
      'OLDPWD',
      'COMPASS',
    ],
    ...[
      'TOKENIZERS_PARALLELISM',
      'AUTH_TYPE',
      'TOKEN_FILE',
      'PASSWORD_STORE_DIR',
      'NEXTAUTH_URL',
      'TOKEN_TTL',
      'KEY_SIZE',
    ],
    ...[
      'SSH_ASKPASS',
      'GIT_ASKPASS',
      'OAUTH_CLIENT_ID',
      'COOKIE_DOMAIN',
      'BYPASS',
      'PASSENGER',
      'PASSTHROUGH',
      'HOME',
      '',
    ],
  ])('but not by %s', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('a value of such a variable', () => {
  const valuesOf = (name: string, value: string, exists = nothingExists) =>
    listSecrets({ [name]: value }, exists).map((secret) => secret.value);

  it.each([
    'production',
    'Development',
    'postgres',
    'password',
    'localhost',
    'osxkeychain',
    'disabled',
    'basic',
    '   ',
  ])('is no secret where it is a word that stands everywhere: %s', (value) => {
    expect(valuesOf('DB_PASSWORD', value)).toEqual([]);
  });

  it('is no secret where it counts, or is short, or is the path of something', () => {
    expect(valuesOf('MAX_OUTPUT_TOKENS', '1000000000')).toEqual([]);
    expect(valuesOf('DB_PASSWORD', '1000000000')).toEqual(['1000000000']);
    expect(valuesOf('DB_PASSWORD', 'hunter2')).toEqual([]);
    const exists = (path: string) => path.endsWith('/key.pem');
    for (const path of ['/etc/key.pem', '~/key.pem', './key.pem', '../key.pem']) {
      expect(valuesOf('SSH_KEY', path, exists)).toEqual([]);
      expect(valuesOf('SSH_KEY', path)).toEqual(path.length < 8 ? [] : [path]);
    }
  });

  it.each([
    ['DATABASE_URL', 'postgres://app:pa%24%24word@db/x', ['pa%24%24word', 'pa$$word']],
    ['HTTPS_PROXY', 'socks5h://srt:0123456789abcdef@localhost:1080', ['0123456789abcdef']],
    ['CONNECTION', 'Server=db;User Id=app;Password=s3cret-word;Encrypt=true', ['s3cret-word']],
    ['STORAGE', 'AccountName=x;AccountKey=abcdefgh12==;EndpointSuffix=y', ['abcdefgh12==']],
    ['PG_CONNINFO', "host=db password='s3cret-word' sslmode=require", ['s3cret-word']],
    ['JAVA_TOOL_OPTIONS', '-Dhttp.proxyPassword=s3cret-word -Xmx1g', ['s3cret-word']],
    ['NPM_CONFIG', '{"registry":"https://x","_authToken": "s3cret-word"}', ['s3cret-word']],
    ['PAGE', 'https://example.invalid/?access_token=s3cret-word&x=1', ['s3cret-word']],
  ])('holds one within itself: %s', (name, value, secrets) => {
    expect(valuesOf(name, value)).toEqual(secrets);
  });

  it.each([
    'postgres://app@db/production',
    'redis://:password@db',
    'rs=0:di=01;34:key=$PATH',
    '/usr/bin:/opt/token:/bin',
  ])('holds none within itself: %s', (value) => {
    expect(valuesOf('SOMETHING', value)).toEqual([]);
  });
});

it('what looks like a secret in the settings does so however short it is, and by its shape under any name', () => {
  expect(looksSecret('DB_PASSWORD', 'hunter2')).toBe(true);
  expect(looksSecret('PLAIN', 'ghp_0123456789abcdefghij')).toBe(true);
  expect(looksSecret('PLAIN', 'https://hooks.slack.com/services/T000/B000/XXXXXXXX')).toBe(true);
  expect(looksSecret('API_URL', 'http://localhost:3000')).toBe(false);
  expect(looksSecret('AUTH', 'basic')).toBe(false);
  expect(looksSecret('DB_PASSWORD', '')).toBe(false);
});
