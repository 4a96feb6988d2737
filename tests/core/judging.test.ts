import { describe, expect, it } from 'vitest';
import { keyOf } from '../../src/domain/task.ts';
import type { AgentReport } from '../../src/domain/agent-report.ts';
import type { RunPlan } from '../../src/domain/run.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { verdictOf } from '../../src/domain/board.ts';
import { fileIn, id, loadedIn, makeEvidence, makeExit, makeResult, meetWall, Scene } from './scene.ts';

const comments = [{ path: 'a.ts', line: 3, reason: 'It forgets the empty list.' }];

function judged(judgement: AgentReport['judgement'], summary = 'Looked at it.') {
  const none = { questions: [], options: [], followUps: [], subtasks: [], answers: [], dropped: [] };
  return makeExit({ result: makeResult({ report: { status: 'done', summary, ...none, judgement } }) });
}
const approval = judged({ approves: true, comments: [] });
const changes = judged({ approves: false, comments });
const silence = judged(null);
/** What is found in the checkout of who judges. */
const untouched = { tip: 'tip', commits: 0, diffstat: { files: 0, insertions: 0, deletions: 0 } };

const movedBranch = { ref: 'refs/heads/task/a', from: 'tip', to: 'other', checkout: null };

/** A scene where the author of `a` has left its work, and who judges it is planned. */
function deliver(settings = {}): Scene {
  const scene = new Scene({ review: 'judge', ...settings }).queue({ id: 'a' });
  return scene.find(scene.run('a'), makeExit({ result: makeResult({ text: 'The author says so.' }) }));
}

function startJudge(scene: Scene): RunPlan {
  const plan = scene.plan('a');
  scene.tell({ type: 'run-started', run: plan, setAside: [] });
  return plan;
}

function verdictOfA(scene: Scene): Verdict | null {
  const finished = scene.board.finished.get(keyOf(id('a')));
  return finished === undefined ? null : verdictOf(finished);
}

describe('work that is green', () => {
  it('is judged in a fresh session by the named role before it is done, and goes to its user once it is approved', () => {
    const scene = deliver();
    expect(scene.asked).toEqual(['record-exit', 'keep-work', 'plan-run']);
    const plan = startJudge(scene);
    expect(plan).toMatchObject({ n: 2, purpose: 'judge', role: 'judge', session: { mode: 'fresh' } });
    scene.find(plan, approval, untouched);
    // Of both, the checkout that was judged goes, and then the author's worktree.
    expect(scene.effects.filter(({ type }) => type === 'release-workspace')).toMatchObject([
      { plan: { n: 2 } },
      { plan: { n: 1 } },
    ]);
    scene.settle('a');
    expect(verdictOfA(scene)).toMatchObject({
      column: 'done',
      run: 2,
      tip: 'tip',
      commits: 1,
      summary: 'The author says so.',
      costUsd: 1,
      attempts: 1,
      judgements: [{ run: 2, role: 'judge', commit: 'tip', result: 'approved', comments: [] }],
    });
  });

  it('goes back to its author with what is to change, in the author\u2019s session, and is judged again', () => {
    const scene = deliver();
    scene.find(startJudge(scene), changes, untouched);
    const next = startJudge(scene);
    expect(next).toMatchObject({
      ...{ n: 3, purpose: 'work', attempt: 1, session: { mode: 'resume', id: 'session' } },
      cause: { kind: 'judged', comments },
    });
    scene.find(next, makeExit({ result: makeResult() }), { tip: 'better' });
    scene.find(startJudge(scene), approval, { ...untouched, tip: 'better' });
    scene.settle('a');
    expect(verdictOfA(scene)).toMatchObject({
      tip: 'better',
      judgements: [
        { commit: 'tip', result: 'changes', comments },
        { commit: 'better', result: 'approved' },
      ],
    });
  });

  it('goes to its user with the open comments once the rounds are used up', () => {
    const scene = deliver({ reviewRounds: 0 });
    scene.find(startJudge(scene), changes, untouched).settle('a');
    expect(verdictOfA(scene)).toMatchObject({ column: 'done', judgements: [{ result: 'changes', comments }] });
  });

  it('is judged by nobody where its file says so, where no role is named, or where its diff is empty', () => {
    const none = new Scene({ review: 'judge' }).queue({ id: 'a', review: null });
    none.find(none.run('a'), makeExit({ result: makeResult() })).settle('a');
    const unnamed = deliver({ review: null }).settle('a');
    const empty = new Scene({ review: 'judge' }).queue({ id: 'a' });
    const nothing = { diffstat: { files: 0, insertions: 0, deletions: 0 } };
    empty.find(empty.run('a'), makeExit({ result: makeResult() }), nothing).settle('a');
    expect([none, unnamed, empty].map((scene) => verdictOfA(scene)?.judgements)).toEqual([[], [], []]);
  });
});

describe('a review that fails', () => {
  it.each([
    ['gives no verdict', silence, untouched, 'It gave no verdict.'],
    ['wants changes and names none', judged({ approves: false, comments: [] }), untouched, 'It wants changes'],
    ['edits a file', approval, { ...untouched, dirty: ['a.ts'] }, 'It changed what it was to judge: a.ts.'],
    ['moves a branch', approval, { ...untouched, moved: [movedBranch] }, 'a review moves nothing: refs/heads/task/a.'],
    ['makes a commit', approval, { ...untouched, commits: 1 }, 'It changed what it was to judge: 1'],
  ])('since it %s is tried once more, and then said to have failed', (_, exit, found, why) => {
    const scene = deliver();
    scene.find(startJudge(scene), exit, found);
    const second = startJudge(scene);
    expect(second).toMatchObject({ n: 3, purpose: 'judge' });
    scene.find(second, exit, found).settle('a');
    const failed = { result: 'failed', summary: expect.stringContaining(why) as unknown };
    expect(verdictOfA(scene)).toMatchObject({ column: 'done', fault: null, judgements: [failed, failed] });
  });

  it('since its role is not there leaves the work to its user, with the reason', () => {
    const scene = deliver();
    const fault = { reason: 'setup-failed', detail: 'There is no role judge.' } as const;
    scene.tell({
      type: 'effect-failed',
      task: id('a'),
      effect: 'plan-run',
      fault: { kind: null, message: 'x', fault },
    });
    scene.settle('a');
    expect(verdictOfA(scene)).toMatchObject({
      column: 'done',
      judgements: [{ result: 'failed', summary: 'There is no role judge.' }],
    });
  });

  it('for a service that is away is none: it is judged once that is back', () => {
    const scene = deliver();
    scene.exit(startJudge(scene), meetWall('overload')).settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { cause: { kind: 'judging' }, resume: null } });
  });
});

describe('a board that comes back', () => {
  const author = { session: { mode: 'fresh', id: 'session' } } as const;
  const evidence = makeEvidence();

  it('judges work that it had not begun to judge, and what an agent that died had begun', () => {
    const scene = deliver();
    const plan = scene.plan('a');
    const done = {
      plan: { ...plan, n: 1, purpose: 'work', ...author, cause: { kind: 'first' } } as RunPlan,
      record: {
        version: 1,
        exit: makeExit({ result: makeResult() }),
        evidence,
        outcome: { kind: 'done', summary: 'Done.' },
      } as const,
    };
    const begun = { plan, record: null };
    for (const runs of [[done], [done, begun]]) {
      const facts = { highestRun: runs.length, damaged: [], runs, verdict: null, review: null };
      const next = new Scene({ review: 'judge' });
      next.load(loadedIn('active', 'a', { facts, lastRun: runs.length === 1 ? null : { kind: 'unclaimed' } }));
      if (runs.length === 2) next.settle('a');
      expect(next.task('a')).toMatchObject({
        state: 'active',
        phase: { name: 'planning', next: { cause: { kind: 'judging' } } },
        past: { lastPlan: { n: 1 }, sessionId: 'session', delivered: { plan: { n: 1 } } },
      });
    }
  });
});

describe('what the user does while work is judged', () => {
  it('counts: moved to done/ the work is done as its author left it', () => {
    const scene = deliver();
    const plan = startJudge(scene);
    scene.tell({ type: 'scanned', scan: { ...emptyScan(scene), columns: columnsWith(scene, 'done') } });
    scene.find(plan, { ...makeExit(), stopped: 'requeued' }, untouched).settle('a');
    expect(verdictOfA(scene)).toMatchObject({ column: 'done', tip: 'tip', commits: 1, judgements: [] });
  });
});

function emptyScan(scene: Scene) {
  if (scene.board.scan === null) throw new Error('nothing was scanned');
  return scene.board.scan;
}

function columnsWith(scene: Scene, column: 'done') {
  const empty = new Map<string, never>();
  const file = fileIn(column, 'a');
  return { ...emptyScan(scene).columns, queued: empty, active: empty, [column]: new Map([[file.name, file.identity]]) };
}
