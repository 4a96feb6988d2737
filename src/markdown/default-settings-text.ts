/** Renders the settings file that `init` writes. */
import { stringify } from 'yaml';
import { noSuggestion, renderSuggested, type Suggestion } from './suggestions.ts';

/**
 * The settings file that `init` writes: every key in a comment, with its default or with a suggestion, and `base` where
 * it is given.
 */
export function renderDefaultSettings(base: string | null, suggestion: Suggestion = noSuggestion): string {
  const { tools, verify, setup, allowedDomains } = suggestion;
  const note = `# For ${tools.join(', ')}; in force once the # is removed:`;
  const suggested = Object.entries({ '#  allowed_domains': allowedDomains, '#verify': verify, '#setup': setup })
    .filter(([, values]) => values.length > 0)
    .reduce(
      (text, [key, values]) => text.replace(`\n${key}: []\n`, `\n${note}\n${key}: ${renderSuggested(values)}\n`),
      defaultText,
    );
  return base === null ? suggested : suggested.replace('#base:\n', () => stringify({ base }, { lineWidth: 0 }));
}

const defaultText = `# The settings of this board. Each key stands here with its default; remove the # before it to change it.

# How many tasks run at once, 1 to 64.
#max_parallel: 3

# How often a failed task is tried again by itself, 0 to 10.
#retries: 1

# The longest that one run may take, and the longest that it may be silent: 90s, 30m, 2h, 1h30m.
#timeout: 60m
#stall_after: 10m

# How long an agent that asks you something waits for the answer, before it ends and the task waits for you.
#answer_wait: 10m

# The branch or commit that tasks start from. Empty: the branch that is checked out.
#base:

# What the names of the tasks' branches begin with.
#branch_prefix: task/

# The program that does the work. kind: claude, or scripted (built in, for trying things out: calls no model).
# env: what it gets in its environment. Secrets belong in .orchestrator/local.yaml, which git ignores, under the same keys.
#agent:
#  kind: claude
#  command: claude
#  args: []
#  env: {}

# Whether agents, verify and setup are confined: auto (where the machine can), on (or nothing starts), off.
# allowed_domains: what their commands may reach. deny_read: paths that they can't read, besides keys and logins in your
# home folder; after a ! one of those can be read.
#sandbox:
#  mode: auto
#  allowed_domains: []
#  deny_read: []

# Names of variables of your environment that verify and setup get besides those that agents get.
#commands:
#  env: []

# The model that serves while the one that a task, a role or you chose is overloaded, such as sonnet. Empty: none.
#fallback_model:

# What the agent may do without being asked. Tools are added to those that let it look at its work and commit it.
#permission_mode: acceptEdits
#allowed_tools: []

# What any task's file may have beyond the settings above and below without asking you; for the rest it waits until you
# grant it. Tools are rules word for word; verify: true, or commands; base: branches; runner:
# kinds of agents.
#task_rights:
#  permission_modes: []
#  allowed_tools: []
#  verify: []
#  budget_usd:
#  timeout:
#  retries:
#  base: []
#  runner: []

# Commands that must succeed in a task's worktree before the task is done, and commands run in a new worktree.
# Each is a program with its arguments; no shell is used. Such as: verify: [npm test, npm run lint]
#verify: []
#setup: []

# The role that reviews work that is green before you do, one that only reads, such as backend-reviewer; none: nobody does.
# And how often the changes that it wants go back to the author, 0 to 10.
#review: none
#review_rounds: 1

# Who resolves a conflict of the works that a task builds on: agent (in the role integrator), or ask: it waits for you.
#conflicts: agent

# Ignored files to copy into a new worktree, as globs. Such as: copy: [.env]
#copy: []

# Where worktrees are made (empty: ../REPO.worktrees, beside the checkout), and whether a finished task's worktree is used again.
#worktrees:
#  dir:
#  reuse: false

# How files that you drop or move are noticed: auto (the system reports them), or polling, for network mounts that report
# nothing.
#watch: auto

# How long logs, prompts and internal refs of merged and put-away tasks are kept: 36h, 14d. Branches always stay.
#keep: 14d

# The most that a task, and a day, may cost in US dollars. Empty: no bound.
#budget_usd:
#daily_budget_usd:

# Whether a plan's subtasks become tasks without your word, how many one plan may have, 1 to 50, and how many times over
# a task that was proposed may have proposals of its own taken in, 1 to 10.
#auto_accept: false
#max_subtasks: 12
#max_depth: 2

# How you hear of news: a command (BRANCHBOARD_EVENT, _TASK and _DETAIL in its environment), a URL, or: desktop
#notify:

# The editor in which branchboard open ID shows a task's worktree. Empty: $VISUAL, $EDITOR, or code.
#open_with:
`;
