/** Asks now and then how the pull requests stand that were open the last time. */
import type { Board } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import type { PullNews, PullRequests } from '../domain/pull-request.ts';
import type { Clock } from '../ports.ts';

/** See the file's head. */
export class PullWatch {
  readonly #clock: Clock;
  readonly #pulls: PullRequests;
  #lookedAt = -Infinity;
  /** The number of pull requests that were asked about since all had their turn. */
  #asked = 0;

  constructor(clock: Clock, pulls: PullRequests) {
    this.#clock = clock;
    this.#pulls = pulls;
  }

  /** Those that were merged or closed; none where it is too early to ask again. Never rejects. */
  async look(board: Board): Promise<readonly PullNews[]> {
    const open = [...board.finished.values()].flatMap(({ id, review }) => {
      const pull = review?.state === 'ready' ? review.pull : undefined;
      return pull?.state === 'open' ? [{ id, pull }] : [];
    });
    // A clock that was set back must not keep it from asking.
    const isEarly = Math.abs(this.#clock.now() - this.#lookedAt) < limits.pullCheckEveryMs;
    if (open.length === 0 || isEarly) return [];
    this.#lookedAt = this.#clock.now();
    if (this.#asked >= open.length) this.#asked = 0;
    const turn = open.slice(this.#asked, this.#asked + limits.maxPullsAsked);
    this.#asked += turn.length;
    const news: PullNews[] = [];
    for (const { id, pull } of turn) {
      const state = await this.#pulls.look(pull.url).catch(() => null);
      if (state !== null && state !== pull.state) news.push({ id, state });
    }
    return news;
  }
}
