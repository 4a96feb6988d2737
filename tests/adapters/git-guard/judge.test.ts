import { describe, expect, test } from 'vitest';
import { judgeCommand, type Judgement } from '../../../src/adapters/git-guard/judge.ts';

const root = '/repo/.orchestrator/worktrees/t';
const judge = (command: string, rules: readonly string[] = [], cwd = root): Judgement =>
  judgeCommand(command, { worktree: [root], cwd, rules });

const message = `git commit -m "$(cat <<'EOF'
Add a parser

It reads $HOME and \`git log --output=x\` as words.
EOF
)"`;

describe('a command line', () => {
  test.each([
    'git status',
    'git add -A && git commit -m "add x"',
    'git add src/a.ts docs/b.md; git commit -qam "add both"',
    `git add -- ${root}/src/a.ts`,
    "git commit -m 'one' -m 'two, with /etc/passwd and ../x in it'",
    'git commit -m "first line\n\nand more"',
    message,
    `git add -A && ${message} && git status --short`,
    'git commit --amend --no-edit --allow-empty --author="A <a@example.com>"',
    'git log --oneline -5 main..HEAD -- src',
    "git log --format='%H %s' --since=2.weeks -S '/api/users' -G'x+' HEAD~3",
    'git diff -M90% --stat=80 HEAD@{1} main...feature/a "src/*.ts"',
    'git show HEAD^:README.md :/fix HEAD^{/fix}',
    'git rev-parse --abbrev-ref HEAD',
    'git branch --show-current',
    'git blame -L 1,3 src/a.ts',
    'git grep -n -e git -- src',
    `cd ${root} && git status`,
    'git log --oneline 2>&1 | head -3 > head.txt',
    'git diff --name-only | xargs grep -n TODO',
    'time git status 2>/dev/null',
    '\\git log',
    '"git" \'log\' --one"line"',
    '/usr/bin/git log',
    'test -d .git && git log -1; echo "$? $x"',
    'git log -1 # --output=x',
    'git status\ngit diff \\\n  --cached',
  ])('that keeps to the worktree is allowed: %s', (command) => {
    expect(judge(command)).toEqual({ allowed: true });
  });

  test.each([
    'npm test -- --grep git',
    'cat .gitignore src/adapters/git/git.ts',
    'for f in *.ts; do wc -l "$f"; done',
    "cat > notes.md <<'EOF'\nrun git log --output=x\nEOF",
    'ls git && cd git && npm run git',
    'timeout 60 npx vitest run git.test.ts',
    'echo "$(date)" | tee git.log',
    "echo 'unfinished",
  ])('that runs no git is left to Claude Code: %s', (command) => {
    expect(judge(command)).toEqual({ allowed: true });
  });

  test.each([
    // Files that options read and write.
    'git log --output=/home/me/.bashrc',
    'git log --output /home/me/.bashrc',
    'git diff --outp=x',
    "git show --'output'=x",
    'git diff "--out"put=x',
    'git commit -F /home/me/.ssh/id',
    'git commit -qF/home/me/.ssh/id',
    'git commit --fil=/home/me/.ssh/id',
    'git commit -m x -t /home/me/.ssh/id',
    'git commit --template=/home/me/.ssh/id',
    'git add --pathspec-from-file=/home/me/.ssh/id',
    'git add --pathspec-fr /home/me/.ssh/id',
    'git blame --contents /home/me/.ssh/id README.md',
    'git blame --conten=/home/me/.ssh/id README.md',
    'git blame --ignore-revs-file=/home/me/.ssh/id README.md',
    'git blame -S/home/me/.ssh/id README.md',
    'git ls-files -o -X /home/me/.ssh/id',
    'git diff -O/home/me/.ssh/id',
    'git grep -f /home/me/.ssh/id',
    'git grep -Oless x',
    'git grep --open-files-in-pager=less x',
    'git grep --no-index x /etc',
    'git diff --no-index README.md link',
    'git log -p --ext-diff',
    'git show --textconv HEAD:x',
    'git cat-file --batch',
    'git log --stdin',
    'git shortlog -',
    // Files that words name.
    'git diff /etc/passwd README.md',
    'git diff README.md ../../x',
    'git diff -- a/../../../x README.md',
    'git add ..',
    `git diff ${root}/../other/x README.md`,
    `git diff ${root}2/x README.md`,
    // What hides an option.
    'git log -- --output=x',
    'git log --grep -- --output=x',
    'git log --grep --output=x',
    'git log -S --output=x',
    'git log --oneline=x',
    // Other places and other settings of git.
    'git -C /etc log',
    'git -c core.pager=evil log',
    'git --git-dir=/x log',
    'git --git-dir /x --work-tree /y status',
    'git --exec-path=/x log',
    'git -p log',
    'git evil-alias',
    'git',
    'git push origin HEAD',
    'git branch evil',
    'git constructor',
    'GIT_DIR=/x git log',
    'A=b git log',
    // Other programs that run it.
    'env git log',
    'command git log',
    'nice git log',
    'timeout 5 git log --output=x',
    'xargs git log < names',
    'echo --output=x | xargs git log',
    'find . -exec git log --output=x {} +',
    'sh -c "git log --output=x"',
    "bash <<'EOF'\ngit log --output=x\nEOF",
    'eval "g"it log',
    '/USR/BIN/GIT log --output=x',
    // What the shell would make of a word.
    'git log $x',
    'git log "$x"',
    'git log ${x:---output=y}',
    'git log `echo --output=x`',
    'git log $(echo --output=x)',
    'git log <(cat x)',
    "git log $'\\x2d-output=x'",
    'git log $"--output=x"',
    'git add *.ts',
    'git log -- {a,--output=x}',
    'git diff ~/x README.md',
    'git diff a=~/x README.md',
    'git log =x',
    'git commit -m "$(cat <<EOF\n$(git log --output=x)\nEOF\n)"',
    'git commit -m "$(cat <<\'EOF\' | sh\nx\nEOF\n)"',
    'git commit -m "$(cat x)"',
    'g=git; $g log --output=x',
    'a=g; ${a}it log',
    "$'\\x67it' log",
    'gi? log',
    // What stands around it.
    '(git log)',
    '{ git log; }',
    'if true; then git log; fi',
    'for i in 1; do git log; done',
    'echo $(git log --output=x)',
    'echo "`git log`"',
    'cat <<EOF\n$(git log --output=x)\nEOF',
    'f() { git log; }; f',
    'git() { cat /etc/passwd; }; git log',
    'coproc git log',
    'cd sub && git log',
    'cd ../other; git log',
    'pushd /etc; git log',
    'export GIT_DIR=/x; git log',
    'PATH=/x; git log',
    ': ${PATH:=/x}; git log',
    'for PATH in /x; do :; done; git log',
    'read PATH; git log',
    'printf -v PATH /x; git log',
    'alias git=evil; git log',
    '. ./env.sh && git log',
    // Streams.
    'git log > ../out',
    'git log >> link',
    'git log &> link',
    'git commit -m x < /etc/passwd',
    "git commit -F - <<'EOF'\nx\nEOF",
    'git log <<< x',
    // No bash.
    "git log 'x",
    'git log "$(x',
    'git log ;;',
  ])('that may read or write elsewhere is refused: %s', (command) => {
    expect(judge(command)).toMatchObject({ allowed: false });
  });

  test.each([
    'cat < /etc/passwd',
    'head -3 <../x',
    'cat 0<link',
    'cat <>link',
    'cat < "$x"',
    'while read line; do echo "$line"; done < link',
    'if true; then cat; fi < link',
    'echo "$(< link)"',
    'tac link',
    '/usr/bin/tac link',
    'timeout 5 rev link',
    'ls | xargs comm README.md',
    'echo "$(fold /etc/passwd)"',
    'wc --files0-from=link',
    'wc -l --files0=link',
    'du --fi link',
    'nice wc --files0-from link',
  ])('that reads a file in a way that Claude Code does not look at is refused: %s', (command) => {
    expect(judge(command)).toMatchObject({ allowed: false });
    expect(judge(command, ['Bash(* *)', 'Bash(while *)', 'Bash(if *)', 'Bash(< link)'])).toEqual({ allowed: true });
  });

  test.each([
    'cat < /dev/null',
    'wc -l src/a.ts',
    'du -sh src',
    'grep -n tac README.md',
    "cat <<'EOF'\nx\nEOF",
    'cat <<< x',
  ])('that reads in other ways is left to Claude Code: %s', (command) => {
    expect(judge(command)).toEqual({ allowed: true });
  });

  test('runs git in the root of the worktree alone, where no other repository can be found', () => {
    for (const cwd of [`${root}/sub`, '/etc', `${root}2`]) {
      for (const command of ['git status', `echo x; cd ${root}; git status`, `cd ${root} || git status`]) {
        expect(JSON.stringify(judge(command, [], cwd))).toContain(`cd ${root} && git`);
      }
      for (const command of [`cd ${root} | git status`, `cd ${root} & git status`, `cd ${root}/sub && git status`]) {
        expect(judge(command, [], cwd)).toMatchObject({ allowed: false });
      }
      expect(judge(`cd ${root} && git status`, [], cwd)).toEqual({ allowed: true });
      expect(judge('npm test', [], cwd)).toEqual({ allowed: true });
    }
  });

  test('is refused with the options, or the commands, that are allowed', () => {
    const reasonOf = (command: string): string => {
      const judgement = judge(command);
      return judgement.allowed ? '' : judgement.reason;
    };
    expect(reasonOf('git commit -F x')).toMatch(/"-F" is not allowed; these are, .*-m= --message= -a --all/);
    expect(reasonOf('git push')).toMatch(/`git push` is not allowed; these are: add, commit, status/);
    expect(reasonOf('git log /etc/passwd')).toContain('"/etc/passwd" is not in the worktree');
  });
});

describe('a rule that the user wrote', () => {
  const rules = ['Bash(git push *)', 'Bash(git fetch:*)', 'Bash(git diff --check --no-index)', 'Bash(cd *)', 'Read(x)'];

  test.each([
    'git push origin HEAD',
    'git push',
    'git fetch --all',
    'git diff --check --no-index',
    'git add -A && git push --force',
  ])('allows what it names: %s', (command) => {
    expect(judge(command, rules)).toEqual({ allowed: true });
  });

  test.each([
    'git pushed x',
    'git diff --check --no-index a b',
    'git push $(git log --output=x)',
    'git push && git log --output=x',
    'cd sub && git log',
    'git pull',
  ])('allows nothing else: %s', (command) => {
    expect(judge(command, rules)).toMatchObject({ allowed: false });
  });
});
