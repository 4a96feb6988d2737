/** Advice for the agent after a failure, by the failure's reason. */
import type { Reason } from '../domain/run.ts';
import { unreachable } from '../domain/result.ts';

/** One or two sentences for the agent that goes on after a failure of that kind. */
export function adviseAfter(reason: Reason): string {
  switch (reason) {
    case 'uncommitted':
      return 'Files were left uncommitted. Commit those that belong to the task and remove the others, until `git status` shows nothing.';
    case 'commit-failed':
      return 'The commit did not come about; its command and what it printed are below. It is mostly a hook of the repository, or the form of the message: mend what it names, don’t go round it, and commit again. If it is nothing that you can mend, end with `needs-input` and quote it.';
    case 'no-changes':
      return 'There was no commit of this task on its branch. Do the work and commit it; if there truly is nothing to do, end with the status `nothing-to-do` and say in the summary how you know.';
    case 'verify-failed':
      return 'A check failed on what you committed; the command and the end of its output are below. Run it yourself, find the cause, mend that and not the check, and commit once it passes.';
    case 'no-result':
      return 'The run ended without its structured result. Finish what is unfinished and end with the result.';
    case 'permission-denied':
      return 'Tools were refused, as below; the same call will be refused again. Reach the goal another way, such as by the file tools in place of the shell; if there is none, end with `needs-input` and name the exact command that you need.';
    case 'max-turns':
      return 'The turns were used up. What is committed is kept: do the rest by the shortest way, several calls a turn, and commit early.';
    case 'budget':
      return 'The budget was used up. What is committed is kept: do what the task still needs and nothing beyond it, read narrowly, and commit early.';
    case 'timeout':
      return 'The time was used up. What is committed is kept: start nothing that does not end by itself (servers, watchers), run the narrowest tests that tell you enough, and commit early.';
    case 'stalled':
      return 'Nothing was heard of the run for long, so it was ended. A command may have waited for input or never have ended: run commands without prompts, with a time limit, and no servers or watchers in the foreground.';
    case 'output-limit':
      return 'The run printed far too much and was ended. Let no command print without end: cut its output (`| tail -n 100`), or send it to a file.';
    case 'agent-error':
      return 'The agent reported an error, as below. What is committed or on disk is kept: see how far it came and go on from there.';
    case 'merge-conflict':
      return 'The branch can no longer be merged as it is. Find out what changed on the other side, and make this work fit it.';
    case 'dependency-conflict':
      return 'The work of the dependencies did not go together. It does now: look at what the base holds before you build on it.';
    case 'question':
      return 'You had a question. Go by the task and the notes as they are now; if they leave it open, choose the most sensible way and say so in the summary.';
    case 'setup-failed':
    case 'spawn-failed':
    case 'dependency-cycle':
      return 'The run could not be started properly, for a reason outside of your work, as below.';
    case 'taken':
      return 'The user took your session over, worked in this worktree, and now hands it back to you. What they said and did there counts: keep it, look at `git status` and `git log` for what changed, and do what is left of the task.';
    case 'interrupted':
    case 'stopped':
      return 'The run was cut off before its end. A command may have been stopped in the middle: look at what is there, then go on.';
    default:
      return unreachable(reason);
  }
}
