/** What the user can do with a task that is done or waits for them, each as a line to type: for its story, and for `show`. */
import { leftCommits, type Verdict } from '../domain/verdict.ts';

/** A line to type, and what it is for. */
export interface ReviewStep {
  readonly what: string;
  readonly line: string;
}

/** The steps in the order in which they are considered; none where the task is not done. */
export function listReviewSteps(id: string, verdict: Verdict, isMerged: boolean): readonly ReviewStep[] {
  if (verdict.column !== 'done') return [];
  const again = isMerged ? 'Work on it again' : 'Send it back';
  const isOpen = !isMerged && leftCommits(verdict);
  const away = isOpen ? `branchboard discard ${id}` : `mv .orchestrator/done/${id}.md .orchestrator/archive/`;
  return [
    ...(isOpen
      ? [
          { what: 'Look at it', line: `branchboard diff ${id}` },
          { what: 'Take it', line: `branchboard merge ${id}` },
        ]
      : []),
    { what: again, line: `branchboard send-back ${id} "what is ${isMerged ? 'to be done' : 'wrong'}"` },
    { what: 'Put it away', line: away },
  ];
}

/** The steps with a task that waits for its user, likewise; none where it does not wait. */
export function listWaitingSteps(id: string, { column, question, fault }: Verdict): readonly ReviewStep[] {
  if (column !== 'attention') return [];
  if (fault?.reason === 'taken') {
    return [
      { what: 'Go on there', line: `branchboard take ${id}` },
      { what: 'It is done', line: `branchboard hand-back ${id}` },
      { what: 'Let it go on', line: `branchboard retry ${id}` },
      { what: 'Put it away', line: `branchboard cancel ${id}` },
    ];
  }
  return [
    question === null
      ? { what: 'Try it again', line: `branchboard retry ${id} -m "what to do differently"` }
      : { what: 'Answer it', line: `branchboard answer ${id} "your answer"` },
    { what: 'Put it away', line: `branchboard cancel ${id}` },
  ];
}
