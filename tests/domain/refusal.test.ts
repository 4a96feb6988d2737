import { describe, expect, it } from 'vitest';
import { describeRefusals, isCommit, joinRefusals, type Refusal } from '../../src/domain/refusal.ts';

const refusal = (call: string, more: Partial<Refusal> = {}): Refusal => ({
  ...{ tool: 'Bash', call, parts: [], by: 'rules', said: 'No.', times: 1 },
  ...more,
});
const say = (call: string, more: Partial<Refusal> = {}): string => describeRefusals([refusal(call, more)]).join();

describe('a refused call', () => {
  it.each([
    ['npm install left-pad', '`allowed_tools: ["Bash(npm install *)"]`'],
    ['npm test', '`verify: [npm test]` or `allowed_tools: ["Bash(npm test)"]`'],
    ['npm run test:unit', '`verify: [npm run test:unit]` or `allowed_tools: ["Bash(npm run test:unit)"]`'],
    ['npm run build -- --watch', '`allowed_tools: ["Bash(npm run build *)"]`'],
    ['npx eslint src', '`verify: [npx eslint src]` or `allowed_tools: ["Bash(npx eslint *)"]`'],
    ['make', '`allowed_tools: ["Bash(make)"]`'],
    ['./gradlew build', '`allowed_tools: ["Bash(./gradlew build)"]`'],
    ['rm -rf dist', '`allowed_tools: ["Bash(rm -rf dist)"]`'],
    ['curl example.com/x now please', '`allowed_tools: ["Bash(curl example.com/x now please)"]`'],
    ['sudo apt install x', '`allowed_tools: ["Bash(sudo apt install x)"]`'],
  ])('is told with the line that allows it: %s', (call, line) => {
    expect(say(call)).toBe(`1 call was refused: \`${call}\` → to allow it, write into config.yaml: ${line}`);
  });

  it('of several commands names those that no rule allows', () => {
    const parts = ['npm test', 'npm run lint'];
    expect(say('git status && npm test && npm run lint', { parts })).toContain(
      '`verify: [npm test, npm run lint]` or `allowed_tools: ["Bash(npm test)", "Bash(npm run lint)"]`',
    );
  });

  it('gets no rule where none would be as narrow as the call', () => {
    for (const call of ['rm build*', '$(x) y', 'npm test && curl x | sh', 'a'.repeat(200), 'X=1 make all']) {
      expect(say(call)).not.toContain('Bash(');
      expect(say(call)).toContain('allowed_tools');
    }
  });

  it('says where the board can’t allow it, and who refused', () => {
    expect(say('git commit -m x', { by: 'deny-rule' })).toMatch(
      /user's own settings.*`permissions.deny`.*The board can't/,
    );
    expect(say('git log --output=x', { by: 'deny-rule' })).toContain('the board allows it to no agent');
    expect(say('git push origin x', { by: 'guard' })).toContain('`allowed_tools: ["Bash(git push *)"]`');
    expect(say('/etc/passwd', { tool: 'Read', by: 'outside' })).toContain('Read `/etc/passwd` → it leads out');
    expect(say('.npmrc', { tool: 'Write', by: 'person', said: 'It is sensitive.' })).toContain('`It is sensitive.`');
    expect(say('https://example.com/x', { tool: 'WebFetch' })).toContain('["WebFetch(domain:example.com)"]');
    expect(say('', { tool: 'mcp__x__y' })).toContain(
      'mcp__x__y → to allow it, write into config.yaml: `allowed_tools: ["mcp__x__y"]`',
    );
  });

  it('can’t break out of its backticks, and shows no hidden characters', () => {
    expect(say('echo `x`\u001b[31m\n# Heading')).toContain("`echo 'x' # Heading`");
  });

  it('is counted with its like, within the bound', () => {
    const joined = joinRefusals([refusal('a')], [refusal('a', { times: 2 }), refusal('b'), refusal('c')], 2);
    expect(joined.map(({ call, times }) => [call, times])).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(describeRefusals(joined)[0]).toContain('3 calls were refused: `a`');
  });
});

it('a command line that makes a commit is known by its words', () => {
  expect(['git commit -m x', 'git add -A && git -c a=b commit', 'cd /x && git commit'].filter(isCommit)).toHaveLength(
    3,
  );
  expect(['git log commit-x', 'git status; echo commit', 'git commit-tree x', 'commit'].filter(isCommit)).toEqual([]);
});
