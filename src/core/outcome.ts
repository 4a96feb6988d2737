/** Judges a run's end: exit facts and evidence in, an outcome out. Exit code 0 alone means nothing. */
import { describeLoss, findUnnamed, type BaseConflict } from '../domain/base-conflict.ts';
import { limits } from '../domain/limits.ts';
import { explainPlan } from '../domain/proposal.ts';
import { describeRefusals } from '../domain/refusal.ts';
import type { Blame, EndedBy, Fault, Outcome, Reason, RunExit, RunPlan, RunView, ServiceFault } from '../domain/run.ts';
import { quoteResult, type AgentReport } from '../domain/agent-report.ts';
import type { EndedRun } from '../domain/task-past.ts';
import type { Evidence } from '../domain/work-evidence.ts';
import { listMoved } from './doubts.ts';

/** An exit that decides the outcome by itself, or one whose work has to be looked at first. */
export type ExitMeaning =
  | { readonly kind: 'decided'; readonly outcome: Outcome }
  /** The session to be resumed is not there: the same attempt once more with a fresh one. */
  | { readonly kind: 'session-lost' }
  | { readonly kind: 'inspect' };

/** The outcome by the exit facts alone. */
export function interpretExit(exit: RunExit): ExitMeaning {
  const { result } = exit.view;
  if (exit.stopped === 'cancelled') return decided({ kind: 'cancelled' });
  // An agent that had said its result before it was stopped has done its work.
  if (result !== null && !result.isError && exit.stopped !== 'requeued') return interpretSuccess(exit);
  switch (exit.stopped) {
    case 'requeued':
    case 'shutdown':
      return decided(interruption('the board stopped it', 'nobody'));
    case 'lost':
      return decided(interruption('it was gone when the board came back', 'loss'));
    case 'timeout':
    case 'stalled': {
      // An agent that waited for the service, or met the account's limit, is not to blame for its silence.
      const service = serviceOf(exit.endedBy);
      return service === null ? interpretOvertime(exit, exit.stopped) : awaitService(service);
    }
    case 'output-limit':
      return failed(
        'output-limit',
        `It printed more than ${String(limits.maxStreamBytes / 2 ** 30)} GiB and was ended. Look at the beginning of its log for why; the log can be deleted.`,
      );
    case 'lingering':
      // Only an agent that was at work says that it was broken off: the result for which it was ended was not its own.
      if (exit.endedBy.kind === 'broken-off') {
        return decided(interruption('another process had written a result into its stream', 'service'));
      }
      return interpretFailure(exit);
    case null:
      return interpretFailure(exit);
  }
}

function interpretSuccess(exit: RunExit): ExitMeaning {
  const result = exit.view.result;
  if (result === null || result.numTurns === 0) {
    return failed('no-result', 'The agent ended without a single turn: no model was asked.');
  }
  const report = result.report;
  if (report?.status === 'needs-input') {
    const question = report.questions.join('\n').trim() || report.summary || 'The agent needs input but asked nothing.';
    // A choice says what it answers only where one question is asked.
    const options = report.questions.length > 1 ? [] : report.options;
    return decided({ kind: 'question', question, options, summary: report.summary });
  }
  if (report?.status === 'failed') return failed('agent-error', report.summary || 'The agent says that it failed.');
  return { kind: 'inspect' };
}

function interpretOvertime(exit: RunExit, stopped: 'timeout' | 'stalled'): ExitMeaning {
  return stopped === 'timeout'
    ? failed('timeout', describeTail('It ran longer than its timeout.', exit))
    : failed('stalled', describeTail('It printed nothing for too long and was ended.', exit));
}

function interpretFailure(exit: RunExit): ExitMeaning {
  const { endedBy, view } = exit;
  if (endedBy.kind === 'session-lost') return { kind: 'session-lost' };
  const service = serviceOf(endedBy);
  if (service !== null) return awaitService(service);
  if (view.result === null) {
    const of = view.strayLines === 0 ? '' : ' of its own session';
    return failed('no-result', describeTail(`The agent ended without a result${of} (${describeEnd(exit)}).`, exit));
  }
  const said = quoteResult(view.result);
  if (endedBy.kind !== 'limit') return failed('agent-error', describeTail(said || view.result.subtype, exit));
  return failed(endedBy.reason, said || `The agent used up its ${endedBy.reason === 'budget' ? 'budget' : 'turns'}.`);
}

function serviceOf(endedBy: EndedBy): ServiceFault | null {
  return endedBy.kind === 'service' || endedBy.kind === 'broken-off' ? endedBy.service : null;
}

/** A task may be what overloads the service again and again, but not what uses up the account. */
function awaitService({ reason, detail, until }: ServiceFault): ExitMeaning {
  const blame = reason === 'overload' || reason === 'connection' ? 'service' : 'nobody';
  return decided({ kind: 'interrupted', detail, blame, pause: reason, until });
}

/** The outcome of a run whose work was looked at; what its exit decided stays so, whatever was found. */
export function judgeEnd(exit: RunExit, plan: RunPlan, evidence: Evidence, maxSubtasks: number): Outcome {
  const meaning = interpretExit(exit);
  return meaning.kind === 'decided' ? meaning.outcome : judgeWork(exit, plan, evidence, maxSubtasks);
}

/** The outcome by the work found, for a run whose agent said that it succeeded. */
export function judgeWork(exit: RunExit, plan: RunPlan, evidence: Evidence, maxSubtasks: number): Outcome {
  const result = exit.view.result;
  const report = result?.report ?? null;
  const text = result?.text ?? '';
  const summary = (report?.summary ?? text).slice(0, limits.maxSummaryChars);
  if (plan.purpose === 'judge') return judgeJudgement(report, summary, { plan, exit, evidence });
  if (plan.conflict !== null) return judgeResolution(exit.view, { plan, conflict: plan.conflict, evidence, summary });
  if (plan.workspace.kind === 'detached') {
    const wrong = explainPlan(report?.subtasks ?? [], maxSubtasks);
    if (wrong !== null) return faulty('no-result', wrong);
    return text.trim() === ''
      ? faulty('no-result', 'The agent ended without the report that its role must leave.')
      : { kind: 'reported', summary, report: text };
  }
  return judgeBranch(exit.view, plan, evidence, { summary, mayBeEmpty: report?.status === 'nothing-to-do' });
}

/** The outcome of a run that judged another's work: one that changed something is no judgement. */
function judgeJudgement(
  report: AgentReport | null,
  summary: string,
  run: EndedRun & { readonly evidence: Evidence },
): Outcome {
  const { dirty, commits } = run.evidence;
  const moved = listMoved(run).map(({ ref }) => ref);
  if (moved.length > 0) {
    return faulty('agent-error', `These moved while it ran, and a review moves nothing: ${moved.join(', ')}.`);
  }
  if (dirty.length > 0 || commits > 0) {
    const what = commits > 0 ? `${String(commits)} of its own commits` : dirty.join(', ');
    return faulty('agent-error', `It changed what it was to judge: ${what}.`);
  }
  const judgement = report?.judgement ?? null;
  if (judgement === null) return faulty('no-result', 'It gave no verdict.');
  const { approves, comments } = judgement;
  if (!approves && comments.length === 0) return faulty('no-result', 'It wants changes and does not say which.');
  return { kind: 'judged', approves, summary, comments: approves ? [] : comments };
}

/** The outcome of a run that resolved a conflict: all of both sides must be there, or be named. */
function judgeResolution(
  view: RunView,
  work: {
    readonly plan: RunPlan;
    readonly conflict: BaseConflict;
    readonly evidence: Evidence;
    readonly summary: string;
  },
): Outcome {
  const { plan, conflict, evidence, summary } = work;
  const { marked = [], losses = [] } = evidence.merge ?? {};
  const named = view.result?.report?.dropped ?? [];
  const unnamed = findUnnamed(losses, named);
  const left = [
    ...(marked.length === 0 ? [] : [`Marks of the conflict are left in:\n${marked.join('\n')}`]),
    ...(unnamed.length === 0
      ? []
      : [
          `This is in the work of one side, and neither in the result nor named in \`dropped\`:\n${unnamed.map(describeLoss).join('\n')}`,
        ]),
  ];
  if (evidence.commits > 0 && left.length > 0) return faulty('dependency-conflict', left.join('\n\n'));
  const branch = judgeBranch(view, plan, evidence, { summary, mayBeEmpty: false });
  if (branch.kind !== 'done') return branch;
  // Names of what was not lost say nothing.
  const all = named.filter((each) => findUnnamed(losses, [each]).length < losses.length);
  return {
    kind: 'integrated',
    summary: branch.summary || `Merged ${conflict.files.join(', ')}.`,
    tip: evidence.tip,
    named: all,
  };
}

/**
 * Why a task waits for its user over a conflict: `fault` is what kept an agent from resolving it, or null where none tried.
 */
export function explainConflict({ sides, files }: BaseConflict, fault: Fault | null): Fault {
  const [ours, theirs] = sides;
  const tried =
    fault === null
      ? ''
      : `\nAn agent did not resolve it (${fault.reason}): ${fault.detail}\nRetry to have it try again, or:`;
  const detail = `${ours} and ${theirs} change the same places and can't be merged by themselves:\n${files.map((file) => `- ${file}`).join('\n')}${tried}\nMerge one into the other, then retry.`;
  return { reason: 'dependency-conflict', detail };
}

/** The outcome by what a branch holds; whoever worked on it said with `mayBeEmpty` that there was nothing to do. */
export function judgeBranch(
  view: RunView,
  plan: RunPlan,
  evidence: Evidence,
  { summary, mayBeEmpty }: { readonly summary: string; readonly mayBeEmpty: boolean },
): Outcome {
  const isWhole = evidence.dirty.length === 0 && evidence.repositories.length === 0;
  if (evidence.commits === 0 && isWhole && mayBeEmpty) return { kind: 'done', summary };
  if (evidence.commits === 0 || !isWhole) return { kind: 'failed', fault: explainMissing(view, plan, evidence) };
  const red = evidence.verify.find((command) => !command.ok);
  if (red !== undefined) return faulty('verify-failed', `\`${red.argv.join(' ')}\` failed:\n${red.outputTail}`);
  return { kind: 'done', summary };
}

/** Why work is missing on the branch: what the agent met on the way comes before what is seen at the end. */
function explainMissing({ denials, failedCommit }: RunView, plan: RunPlan, evidence: Evidence): Fault {
  const { dirty, ignored, commits, repositories } = evidence;
  const files = dirty.filter((name) => !repositories.includes(name.replace(/\/$/, '')));
  const left = [
    ...repositories.map(describeRepository),
    ...(files.length === 0 ? [] : [`These files hold uncommitted changes:\n${files.join('\n')}`]),
  ];
  const refused = denials.filter(({ call }) => call === failedCommit?.command);
  if (refused.length > 0) {
    const detail = ['The commit was refused.', ...describeRefusals(refused), ...left].join('\n');
    return { reason: 'permission-denied', detail };
  }
  if (failedCommit !== null) {
    const { command, said } = failedCommit;
    return { reason: 'commit-failed', detail: [`\`${command}\` failed:\n${said}`, ...left].join('\n\n') };
  }
  if (commits === 0 && denials.length > 0) {
    const detail = ['No commit was made, and the agent was refused what it called:', ...describeRefusals(denials)];
    return { reason: 'permission-denied', detail: [...detail, ...left].join('\n') };
  }
  if (left.length > 0) return { reason: 'uncommitted', detail: left.join('\n') };
  const detail = `The agent says it is done, but ${describeBranch(plan)} holds no commit of it.`;
  if (ignored.length === 0) return { reason: 'no-changes', detail };
  const written = `It wrote these, which git ignores, by the rules beside them:\n${ignored.join('\n')}`;
  return { reason: 'no-changes', detail: `${detail} ${written}\n${ignoredAdvice}` };
}

const ignoredAdvice =
  'What belongs to the task: change the rule, or write it where git takes it, or `git add -f` it; then commit.';

/** By a copy, since Claude Code asks a person each time before anything is removed below a `.git`. */
function describeRepository(path: string): string {
  const copy = `mkdir ${path}.new && tar -cf - --exclude=.git -C ${path} . | tar -xf - -C ${path}.new`;
  return `${path} is a repository of its own inside the worktree, so the branch holds none of its files, but at most a link to its commit. Take the link out of the index (\`git rm --cached -f ${path}\`, if it was added). Copy the files without their history (\`${copy}\`) and put the copy in its place (\`rm -rf ${path} && mv ${path}.new ${path}\`). Then add and commit them: \`git add ${path}\`.`;
}

function describeBranch(plan: RunPlan): string {
  return plan.workspace.kind === 'branch' ? plan.workspace.branch : 'its worktree';
}

function describeEnd(exit: RunExit): string {
  if (exit.signal !== null) return `signal ${exit.signal}`;
  return exit.exitCode === null ? 'it was gone when the board looked' : `exit code ${exit.exitCode}`;
}

function describeTail(what: string, exit: RunExit): string {
  const tail = exit.stderrTail.trim() || exit.view.lastText?.trim() || '';
  return tail === '' ? what : `${what}\nIts last output: ${tail}`;
}

function decided(outcome: Outcome): ExitMeaning {
  return { kind: 'decided', outcome };
}

/** An interruption for which the board waits for nothing. */
export function interruption(detail: string, blame: Blame): Outcome & { readonly kind: 'interrupted' } {
  return { kind: 'interrupted', detail, blame, pause: null, until: null };
}

function faulty(reason: Reason, detail: string): { readonly kind: 'failed'; readonly fault: Fault } {
  return { kind: 'failed', fault: { reason, detail } };
}

function failed(reason: Reason, detail: string): ExitMeaning {
  return decided(faulty(reason, detail));
}
