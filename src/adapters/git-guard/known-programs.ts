/** Programs besides git that the guard knows: those that run others, and those that change the shell. */

/** Programs that run others: git is judged where it is the program itself. */
export const runners: ReadonlySet<string> = new Set([
  ...['env', 'command', 'builtin', 'exec', 'eval', 'noglob', 'nocorrect', 'nice', 'nohup', 'timeout', 'time', 'stdbuf'],
  ...['setsid', 'ionice', 'chrt', 'taskset', 'xargs', 'parallel', 'find', 'fd', 'sudo', 'doas', 'su', 'watch'],
  ...['strace', 'ltrace', 'script', 'unshare', 'nsenter', 'chroot', 'flock', 'ssh', 'busybox', 'trap', 'source', '.'],
  ...['sh', 'bash', 'dash', 'zsh', 'ksh', 'fish'],
]);

/** Commands of the shell that change what a git command after them would do; `cd` to the worktree is none of them. */
export const shellChangers: ReadonlySet<string> = new Set([
  ...['cd', 'chdir', 'pushd', 'popd', '.', 'source', 'eval', 'exec', 'builtin', 'command', 'export', 'declare'],
  ...['typeset', 'local', 'readonly', 'integer', 'float', 'alias', 'unalias', 'unset', 'set', 'shopt', 'setopt'],
  ...['unsetopt', 'emulate', 'hash', 'rehash', 'enable', 'disable', 'trap', 'read', 'mapfile', 'readarray', 'getopts'],
  ...['let', 'zmodload', 'autoload', 'functions', 'vared'],
]);
