/** Questions that an agent asks in the middle of its run, and waits for the answer. */

/** See the file's head. */
export interface AgentQuestion {
  /** Of the call that waits. */
  readonly id: string;
  readonly text: string;
  /** Answers to choose from. */
  readonly options: readonly string[];
}

/** The key of the note that answers a question. */
export function keyOfAnswer(question: string): string {
  return `answer-${question}`;
}
