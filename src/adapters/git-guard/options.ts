/**
 * The options of git that agents may use: for each command those that neither read nor write anything outside of the
 * repository, in no spelling. All others are refused, so that an option of a newer git is refused as well.
 *
 * `--name` takes no value, `--name=` needs one (`--name=x` or `--name x`), `--name[=]` may have one (`--name=x`); short
 * options alike. No value of these names a file outside of git's own trees: they are numbers, patterns, dates, commits.
 */

/** A command of git that an agent may use. */
export interface GitCommand {
  readonly options: ReadonlyMap<string, OptionKind>;
  /** Whether it takes words that are no options: files and commits. */
  readonly takesWords: boolean;
}

/** Whether an option has a value: never, always, or only joined to it. */
export type OptionKind = 'flag' | 'value' | 'optional';

const diffOptions = `
  -p -u --patch -s --no-patch --raw -U= --unified= --minimal --patience --histogram --diff-algorithm= --anchored=
  --indent-heuristic --no-indent-heuristic --stat[=] --stat-width= --stat-name-width= --stat-count= --compact-summary
  --numstat --shortstat -X[=] --dirstat[=] --cumulative --summary --patch-with-stat --patch-with-raw -z --name-only
  --name-status --color[=] --no-color --color-moved[=] --no-color-moved --word-diff[=] --word-diff-regex= --color-words[=]
  --no-renames --rename-empty --no-rename-empty --check --full-index --binary --abbrev[=] --no-abbrev -B[=]
  --break-rewrites[=] -M[=] --find-renames[=] -C[=] --find-copies[=] --find-copies-harder -D --irreversible-delete -l=
  --diff-filter= -S= -G= --find-object= --pickaxe-all --pickaxe-regex -R --relative[=] --no-relative -a --text
  --ignore-cr-at-eol --ignore-space-at-eol -b --ignore-space-change -w --ignore-all-space --ignore-blank-lines -I=
  --ignore-matching-lines= --inter-hunk-context= -W --function-context --exit-code --quiet --no-ext-diff --no-textconv
  --ignore-submodules[=] --src-prefix= --dst-prefix= --no-prefix --default-prefix --line-prefix= --rotate-to= --skip-to=
  -c --cc --combined-all-paths`;

const logOptions = `${diffOptions}
  -n= --max-count= --skip= --since= --after= --until= --before= --author= --committer= --grep= --all-match --invert-grep
  -i --regexp-ignore-case --basic-regexp -E --extended-regexp -F --fixed-strings -P --perl-regexp --merges --no-merges
  --min-parents= --max-parents= --first-parent --exclude-first-parent-only --not --all --branches[=] --tags[=]
  --remotes[=] --glob= --exclude= --bisect --cherry --cherry-mark --cherry-pick --left-only --right-only --left-right
  -g --walk-reflogs --merge --boundary --simplify-by-decoration --show-pulls --full-history --dense --sparse
  --simplify-merges --ancestry-path[=] --date-order --author-date-order --topo-order --reverse --no-walk[=] --do-walk
  --pretty[=] --format= --abbrev-commit --no-abbrev-commit --oneline --date= --relative-date --parents --children
  --graph --no-graph --follow --decorate[=] --no-decorate --decorate-refs= --decorate-refs-exclude= --source --log-size
  -L= --mailmap --no-mailmap --use-mailmap -m --diff-merges= --no-diff-merges --remerge-diff --no-notes -t`;

const commands: Readonly<Record<string, string>> = {
  add: `
    -A --all --no-all -u --update -n --dry-run -v --verbose -f --force -N --intent-to-add --renormalize --refresh
    --ignore-errors --ignore-missing --sparse --chmod=`,
  commit: `
    -m= --message= -a --all -q --quiet -v --verbose -s --signoff --no-signoff --amend --no-edit --allow-empty
    --allow-empty-message --author= --date= --reset-author -n --no-verify --dry-run --short --branch --porcelain --long
    -z -o --only -i --include -u[=] --untracked-files[=] --no-gpg-sign --no-post-rewrite --cleanup= --status --no-status
    --fixup=`,
  status: `
    -s --short -b --branch --show-stash --porcelain[=] --long -v --verbose -u[=] --untracked-files[=] --ignored[=]
    --ignore-submodules[=] -z --column[=] --no-column --ahead-behind --no-ahead-behind --renames --no-renames
    --find-renames[=] -M[=]`,
  diff: `${diffOptions} --cached --staged --merge-base -1 --base -2 --ours -3 --theirs -0`,
  log: logOptions,
  show: logOptions,
  blame: `
    -b --root --show-stats -L= -l -t --reverse --first-parent -p --porcelain --line-porcelain -e --show-email -w -s -n
    --show-number -f --show-name -M[=] -C[=] -c --date= --since= --abbrev= --color-lines --color-by-age --ignore-rev=
    --minimal --no-progress`,
  'ls-files': `
    -c --cached -d --deleted -m --modified -o --others -i --ignored -s --stage -u --unmerged -k --killed -t -v -z
    --exclude-standard --full-name --error-unmatch --abbrev[=] --deduplicate --eol --directory --no-empty-directory -x=
    --exclude= --format=`,
  'ls-tree': `
    -d -r -t -l --long -z --name-only --name-status --object-only --full-name --full-tree --abbrev[=] --format=`,
  'merge-base': '-a --all --octopus --independent --is-ancestor --fork-point',
  'rev-parse': `
    --verify -q --quiet --short[=] --abbrev-ref[=] --symbolic --symbolic-full-name --not --all --branches[=] --tags[=]
    --remotes[=] --glob= --exclude= --show-toplevel --show-prefix --show-cdup --git-dir --absolute-git-dir
    --git-common-dir --is-inside-work-tree --is-inside-git-dir --is-bare-repository --is-shallow-repository --revs-only
    --no-revs --flags --no-flags`,
  'rev-list': `
    --count --objects -n= --max-count= --skip= --since= --after= --until= --before= --author= --grep= --merges
    --no-merges --first-parent --not --all --branches[=] --tags[=] --remotes[=] --left-right --left-only --right-only
    --cherry-pick --cherry-mark --boundary --reverse --topo-order --date-order --parents --children --oneline
    --abbrev-commit --format= --pretty[=] --no-commit-header`,
  shortlog: `
    -n --numbered -s --summary -e --email -c --committer --group= --format= --date= -w[=] --all --no-merges --merges
    --since= --after= --until= --before= --author= --first-parent --branches[=] --tags[=] --remotes[=]`,
  describe:
    '--all --tags --contains --abbrev[=] --candidates= --exact-match --long --match= --exclude= --always --first-parent --dirty[=]',
  branch: `
    -a --all -r --remotes -l --list -v -vv --verbose --show-current --contains= --no-contains= --merged= --no-merged=
    --points-at= --sort= --format= --column[=] --no-column --color[=] --no-color --abbrev= --no-abbrev -i --ignore-case`,
  grep: `
    --cached -v --invert-match -i --ignore-case -w --word-regexp -a --text -I -r --recursive --max-depth= -E
    --extended-regexp -G --basic-regexp -F --fixed-strings -P --perl-regexp -n --line-number --column -h -H --full-name
    -l --files-with-matches --name-only -L --files-without-match -z --null -o --only-matching -c --count --color[=]
    --no-color --break --heading -C= --context= -A= --after-context= -B= --before-context= -p --show-function -W
    --function-context -m= --max-count= -e= --and --or --not --all-match -q --quiet --no-textconv`,
  'cat-file': '-p -t -s -e',
};

/** The commands that would make something of a word: `git branch WORD` makes a branch. */
const withoutWords: ReadonlySet<string> = new Set(['branch']);

/** The commands of git that an agent may use, by name. */
export const gitCommands: ReadonlyMap<string, GitCommand> = new Map(
  Object.entries(commands).map(([name, options]) => [
    name,
    { options: readOptions(options), takesWords: !withoutWords.has(name) },
  ]),
);

function readOptions(text: string): ReadonlyMap<string, OptionKind> {
  return new Map(
    text
      .trim()
      .split(/\s+/)
      .map((option) => {
        if (option.endsWith('[=]')) return [option.slice(0, -3), 'optional'];
        return option.endsWith('=') ? [option.slice(0, -1), 'value'] : [option, 'flag'];
      }),
  );
}
