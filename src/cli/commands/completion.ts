/** `completion`: prints the script with which a shell completes what is typed after `branchboard`. */
import { Argument } from 'commander';
import { print, type Verb } from '../verb.ts';

/*
 * The scripts hand the words over as arguments and take lines back, and have the shell evaluate neither. They call the program
 * on the PATH, and not a file that is named like it.
 */

const bash = `_branchboard() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then compopt -o default; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <(command branchboard complete -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$2" </dev/null 2>/dev/null)
}
complete -F _branchboard branchboard`;

const zsh = `#compdef branchboard
_branchboard() {
  local -a found
  found=("\${(@f)$(command branchboard complete -- "\${(@)words[2,CURRENT-1]}" "$PREFIX" </dev/null 2>/dev/null)}")
  if [[ $found[1] == :files ]]; then
    compset -P '--*='
    _files
  elif [[ -n $found[1] ]]; then
    found=("\${(@)found/$'\\t'/:}")
    _describe branchboard found
  fi
}
if [[ $funcstack[1] == _branchboard ]]; then _branchboard "$@"; else compdef _branchboard branchboard; fi`;

const fish = `function __branchboard_complete
  set -l words (commandline -opc)
  set -l found (command branchboard complete -- $words[2..] (commandline -ct) </dev/null 2>/dev/null)
  if test "$found" = :files
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $found
  end
end
complete -c branchboard -f -a '(__branchboard_complete)'`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

/** The verb `completion`. */
export const completionCommand: Verb = (command) =>
  command
    .addArgument(new Argument('<shell>', 'whose script is printed').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      `
bash, in ~/.bashrc:                  eval "$(branchboard completion bash)"
zsh, in ~/.zshrc after compinit:     eval "$(branchboard completion zsh)"
fish:                                branchboard completion fish > ~/.config/fish/completions/branchboard.fish`,
    )
    .action((shell: string) => print(scripts[shell] ?? ''));
