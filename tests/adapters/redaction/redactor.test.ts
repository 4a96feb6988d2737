import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { fc } from '../../properties.ts';
import { createRedactor } from '../../../src/adapters/redaction/redactor.ts';

const nothingExists = () => false;
const redactNothing = createRedactor([], nothingExists);

/** Of the right form and of no use. */
const filler = (length: number) => 'aB3dE6gH9'.repeat(40).slice(0, length);

describe('the values of secret variables', () => {
  it.each(['DEPLOY_TOKEN', 'MY_API_KEY', 'client_secret', 'PGPASSWORD', 'DB_PASSWD', 'AWS_CREDENTIALS'])(
    'of %s are replaced by its name',
    (name) => {
      const redact = createRedactor([{ [name]: 'correct horse' }], nothingExists);
      expect(redact('it is "correct horse", correct horse')).toBe(`it is "[redacted ${name}]", [redacted ${name}]`);
    },
  );

  it('are left where the name says nothing, where they are short, and where they are the path of something', () => {
    const env = { HOME: '/home/someone', A_KEY: 'short', SSH_KEY: '/home/someone/.ssh/key', B_KEY: '/not/there' };
    const redact = createRedactor([env], (path) => path.startsWith('/home'));
    expect(redact('/home/someone short /home/someone/.ssh/key /not/there')).toBe(
      '/home/someone short /home/someone/.ssh/key [redacted B_KEY]',
    );
  });

  it('are known from each environment, also where both have the name', () => {
    const redact = createRedactor([{ A_TOKEN: 'first-value' }, { A_TOKEN: 'second-value' }], nothingExists);
    expect(redact('first-value second-value')).toBe('[redacted A_TOKEN] [redacted A_TOKEN]');
  });

  it('are taken whole where one begins like another', () => {
    const redact = createRedactor([{ A_KEY: 'abcdefgh', B_KEY: 'abcdefghijkl' }], nothingExists);
    expect(redact('abcdefghijkl abcdefgh')).toBe('[redacted B_KEY] [redacted A_KEY]');
  });

  it('may hold what means something in a pattern', () => {
    const redact = createRedactor([{ A_KEY: '^a.*(b|[c])$\\d+?{2}/-' }], nothingExists);
    expect(redact('x ^a.*(b|[c])$\\d+?{2}/- y $& $1')).toBe('x [redacted A_KEY] y $& $1');
  });

  it('are found as JSON and URLs write them', () => {
    const redact = createRedactor([{ A_KEY: 'one "two"\tthree & four' }], nothingExists);
    expect(redact('{"a":"one \\"two\\"\\tthree & four"}')).toBe('{"a":"[redacted A_KEY]"}');
    expect(redact('?a=one%20%22two%22%09three%20%26%20four&b=1')).toBe('?a=[redacted A_KEY]&b=1');
  });

  it('of several lines are found whole, and line by line where they were set off', () => {
    const value = 'first line of the secret\nsecond line of the secret\nend\n';
    const redact = createRedactor([{ A_KEY: value }], nothingExists);
    expect(redact(`<${value.trim()}>`)).toBe('<[redacted A_KEY]>');
    expect(redact('  | first line of the secret\r\n  | second line of the secret\r\n')).toBe(
      '  | [redacted A_KEY]\r\n  | [redacted A_KEY]\r\n',
    );
  });

  it('are found where the text was cut in the middle of one', () => {
    const redact = createRedactor([{ A_KEY: 'the-value-of-the-key' }], nothingExists);
    const long = 'x'.repeat(200);
    expect(redact(`lue-of-the-key ${long}`)).toBe(`[redacted A_KEY] ${long}`);
    expect(redact(`${long} the-value-o`)).toBe(`${long} [redacted A_KEY]`);
    expect(redact(`${long} the-value-o…`)).toBe(`${long} [redacted A_KEY]…`);
    expect(redact('Improve the-value')).toBe('Improve the-value');
  });

  it('are found where a value that was quoted in the middle of the text was cut', () => {
    const redact = createRedactor([{ A_KEY: 'the-value-"of"-the-key' }], nothingExists);
    expect(redact('priority is "xx the-value…"; expected one')).toBe(
      'priority is "xx [redacted A_KEY]…"; expected one',
    );
    expect(redact('it is "the-value-\\"of\\"-…", "the-value-o"')).toBe('it is "[redacted A_KEY]…", "the-value-o"');
  });
});

describe('what a terminal does not show', () => {
  it.each([
    ['a colour', 'hunter2\x1b[1m-long-secret'],
    ['a colour in one character', 'hunter2\x9b1m-long-secret'],
    ['a character set', 'hunter2\x1b(B-long-secret'],
    ['a window title', 'hunter2\x1b]0;x\x07-long-secret'],
    ['a link', 'hunter2\x1b]8;;https://example.invalid\x1b\\-long-secret'],
    ['a NUL', 'hunter2\0-long-secret'],
    ['a mark of direction', 'hunter2\u202e-long-secret'],
    ['a character without width', 'hunter2\u200b-long-secret'],
  ])('hides no secret: %s', (_, hidden) => {
    const redact = createRedactor([{ DB_PASSWORD: 'hunter2-long-secret' }], nothingExists);
    expect(redact(`is\t${hidden}\r\n`)).toBe('is\t[redacted DB_PASSWORD]\r\n');
  });

  it('hides no token that grep has coloured', () => {
    const token = `ghp_\x1b[01;31m\x1b[K${filler(36)}\x1b[m\x1b[K`;
    expect(redactNothing(`a.txt:${token} x`)).toBe('a.txt:[redacted] x');
  });

  it('is taken out line by line, so that a title without its end takes no other line with it', () => {
    expect(redactNothing('a\x1b]0;title\nb')).toBe('a\nb');
  });
});

describe('tokens of well-known shapes', () => {
  it.each([
    ['Anthropic', `sk-ant-api03-${filler(90)}`],
    ['OpenAI', `sk-proj-${filler(80)}`],
    ['OpenAI, old', `sk-${filler(48)}`],
    ...['ghp_', 'gho_', 'ghs_', 'ghu_', 'ghr_', 'github_pat_'].map((start) => ['GitHub', `${start}${filler(36)}`]),
    ['GitLab', `glpat-${filler(20)}`],
    ['AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['AWS, for a while', 'ASIAIOSFODNN7EXAMPLE'],
    ['Slack', `xoxb-123456789012-${filler(24)}`],
    ['Google', `AIza${filler(35)}`],
    ['npm', `npm_${filler(36)}`],
    ['Stripe', `sk_live_${filler(24)}`],
    ['Stripe, restricted', `rk_live_${filler(24)}`],
    ['a JSON web token', `eyJ${filler(20)}.eyJ${filler(30)}.${filler(43)}`],
    ['a private key', `-----BEGIN RSA PRIVATE KEY-----\n${filler(64)}\n${filler(64)}\n-----END RSA PRIVATE KEY-----`],
    ['a private key without its end', `-----BEGIN OPENSSH PRIVATE KEY-----\n${filler(64)}\n`],
  ])('%s: are replaced, in prose, in quotes, after an equals sign', (_, token = '') => {
    expect(redactNothing(token)).toBe('[redacted]');
    for (const [before, after] of [
      ['It said "', '".'],
      ['A=', '\n'],
      ['(', ')'],
    ]) {
      const redacted = redactNothing(`${before ?? ''}${token}${after ?? ''}`);
      expect(redacted.startsWith(`${before ?? ''}[redacted]`)).toBe(true);
      expect(redacted).not.toContain(token.slice(-20));
    }
  });

  it.each(['ghp_', 'sk-ant-api03-', 'pypi-', 'npm_', 'AIza'])('%s…: are found where their end was cut off', (start) => {
    expect(redactNothing(`base is "${start}${filler(9)}…"`)).toBe('base is "[redacted]…"');
    const long = 'x '.repeat(50);
    expect(redactNothing(`${long}${start}${filler(9)}`)).toBe(`${long}[redacted]`);
    expect(redactNothing(`A ${start}${filler(9)} b`)).toBe(`A ${start}${filler(9)} b`);
  });

  it.each([
    ['aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'aws_secret_access_key=[redacted]'],
    ['"AWS_SESSION_TOKEN": "wJalrXUtnFEMI/K7MDENG/bPxRfiCY+x="', '"AWS_SESSION_TOKEN": "[redacted]"'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic [redacted]'],
    ['use Bearer abc123def456ghi789', 'use Bearer [redacted]'],
    ['git clone https://me:pa55@word@example.invalid/x', 'git clone https://me:[redacted]@example.invalid/x'],
    ['postgres://app:secret@db:5432/x', 'postgres://app:[redacted]@db:5432/x'],
    [`${filler(64)}\n-----END PRIVATE KEY-----\nafter`, '[redacted]\nafter'],
  ])('what stands before the secret stays: %s', (text, expected) => {
    expect(redactNothing(text)).toBe(expected);
  });

  const hook = 'AbCd1234'.repeat(3);
  it.each([
    [`https://hooks.slack.com/services/T0/B0/${hook}`, 'https://hooks.slack.com/services/[redacted]'],
    [`https://hooks.slack.com/triggers/T0/1/${hook}`, 'https://hooks.slack.com/triggers/[redacted]'],
    [`https:\\/\\/hooks.slack.com\\/services\\/T0\\/${hook}`, 'https:\\/\\/hooks.slack.com\\/services\\/[redacted]'],
    [`https://discord.com/api/webhooks/123/${hook}`, 'https://discord.com/api/webhooks/[redacted]'],
    [
      `https://canary.discordapp.com/api/v10/webhooks/123/${hook}?x`,
      'https://canary.discordapp.com/api/v10/webhooks/[redacted]',
    ],
    [
      `https://x.webhook.office.com/webhookb2/${hook}@y/IncomingWebhook/z`,
      'https://x.webhook.office.com/webhookb2/[redacted]',
    ],
    [
      `https://prod-1.westeurope.logic.azure.com:443/workflows/${hook}/x?sig=y`,
      'https://prod-1.westeurope.logic.azure.com:443/workflows/[redacted]',
    ],
    [
      `https://chat.googleapis.com/v1/spaces/A/messages?key=${hook}&token=x`,
      'https://chat.googleapis.com/v1/[redacted]',
    ],
    [`https://hooks.zapier.com/hooks/catch/12/${hook}/`, 'https://hooks.zapier.com/hooks/[redacted]'],
    [`https://hook.eu1.make.com/${hook}`, 'https://hook.eu1.make.com/[redacted]'],
    [`https://maker.ifttt.com/trigger/x/with/key/${hook}`, 'https://maker.ifttt.com/trigger/[redacted]'],
    [`https://api.telegram.org/bot12:${hook}/sendMessage`, 'https://api.telegram.org/[redacted]'],
    [
      `https://example.invalid/x?a=1&access_token=${hook}&b=2`,
      'https://example.invalid/x?a=1&access_token=[redacted]&b=2',
    ],
    [`(https://hooks.slack.com/services/T0/B0/${hook}): "x"`, '(https://hooks.slack.com/services/[redacted] "x"'],
  ])('an address that anybody may post to is none any more: %s', (text, expected) => {
    expect(redactNothing(text)).toBe(expected);
  });

  it.each([
    ['http://srt:0123456789ab@localhost:3128', 'http://srt:[redacted]@localhost:3128'],
    ['socks5h://srt:0123456789ab@localhost:1080', 'socks5h://srt:[redacted]@localhost:1080'],
    ['ALL_PROXY=socks5h://:0123456789ab@[::1]:1080', 'ALL_PROXY=socks5h://:[redacted]@[::1]:1080'],
    ['git+ssh://me:0123456789ab@example.invalid/x.git', 'git+ssh://me:[redacted]@example.invalid/x.git'],
    ['https://0123456789abcdef01234567@example.invalid/x', 'https://[redacted]@example.invalid/x'],
    ['"https:\\/\\/me:0123456789ab@example.invalid"', '"https:\\/\\/me:[redacted]@example.invalid"'],
  ])('a password in an address of any kind goes: %s', (text, expected) => {
    expect(redactNothing(text)).toBe(expected);
  });

  it('what is redacted already is taken for no token', () => {
    const redact = createRedactor([{ A_KEY: 'correct horse' }], nothingExists);
    const once = redact('Authorization: Basic correct horse, http://me:correct horse@x');
    expect(once).toBe('Authorization: Basic [redacted A_KEY], http://me:[redacted A_KEY]@x');
    expect(redact(once)).toBe(once);
  });

  it.each([
    'https://hooks.slack.com/services/ and https://discord.com/api/webhooks',
    'See https://chat.googleapis.com/ and https://example.invalid/?key=value',
    'Fix the sk-learn-like-dashed-identifier-without-digits',
    'The task-1 of risk-management-for-the-2020s',
    'commit 5f0c9e1b2a3d4e5f60718293a4b5c6d7e8f90123',
    'npm_config_user_agent and npm_lifecycle_event',
    'http://localhost:3000/a@b and mailto:me@example.invalid',
    'the bearer responsibilities of a maintainer',
    'git@github.com:owner/name.git',
  ])('prose is left alone: %s', (text) => {
    expect(redactNothing(text)).toBe(text);
  });
});

describe('any text', () => {
  // No letter of the marks.
  const secret = fc.string({
    unit: fc.mapToConstant(
      { num: 10, build: (code) => String.fromCharCode(0x30 + code) },
      { num: 16, build: (code) => String.fromCharCode(0x20 + code) },
      { num: 2, build: (code) => String.fromCharCode(0x09 + code) },
    ),
    minLength: 8,
    maxLength: 60,
  });

  it('holds none of the secrets afterwards, and is not changed by a second time', () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.array(fc.string()), (values, parts) => {
        const env = Object.fromEntries(values.map((value, index) => [`S${String(index)}_KEY`, value]));
        const redact = createRedactor([env], nothingExists);
        const text = [...parts, ...values]
          .flatMap((part, index) => [part, values[index % values.length] ?? ''])
          .join('');
        const redacted = redact(text);
        for (const value of values) if (value.trim().length >= 8) expect(redacted).not.toContain(value.trim());
        expect(redact(redacted)).toBe(redacted);
      }),
    );
  });

  it('without secrets is not changed', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'bc', 'd ', ' ef', '. ', '\n', '-'), maxLength: 300 });
    const redact = createRedactor([{ A_KEY: 'ZZZZZZZZZZ' }], nothingExists);
    fc.assert(fc.property(words, (text) => redact(text) === text));
  });

  it.each([
    'sk-',
    'ghp_',
    'eyJ',
    'eyJ-',
    'eyJaaaaaaaa.',
    '://',
    '://a:',
    'a://:@',
    'Bearer ',
    'bearer a',
    '-',
    '-----BEGIN RSA PRIVATE KEY-----',
    '-----BEGIN ',
    'aws_secret_access_key=',
    'authorization: ',
    'A',
    ' ',
    'AKIA',
    'zzzzzzz',
    'zzzzzzzz-',
    'zzzzzzzz-…',
    '…',
    '\x1b[',
    '\x1b]0;',
    '\x9b1',
    '%41',
    '\\u0041',
    '\\\\',
    '0x',
    '\u200d',
    'https://hooks.slack.com/services/',
    'hook.a.',
    '?key=',
  ])('of 500 KB made of %j takes no longer than a text of that size may', (piece) => {
    const value = `${'zzzzzzzz-'.repeat(300)}end`;
    const redact = createRedactor([{ A_KEY: value, B_KEY: 'zzzzzzzy' }], nothingExists);
    const text = piece.repeat(Math.ceil(500_000 / piece.length));
    // Read in a time that grew as its square it would take hours, so that no machine is too busy for this.
    runInNewContext('redact(text)', { redact, text }, { timeout: 60_000 });
  });
});
