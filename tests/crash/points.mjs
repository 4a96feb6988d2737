/**
 * Which points are run.
 *
 *   kill      the daemon is killed just before its call k
 *   torn      … in the middle of call k: half of a write is written, a process is started and never waited for
 *   held      … before call k, and its agents are still at work when the next daemon comes up
 *   recovery  … before call k, and the daemon after it before its call k2
 *   fail      call k fails once for want of room
 *   full      every call from k on fails for want of room, until there is some again
 */
export const pointKinds = ['kill', 'torn', 'held', 'recovery', 'fail', 'full'];

/** Recoveries are looked at from so many deaths, spread over the first daemon's life. */
const deathsForRecovery = 12;
/** A recovery is as long as a daemon's life at most; behind its last call a kill hits nothing. */
const recoveryStep = 9;

/** The points of one kind, every `step`th; `counts` are the numbers of durable calls. Always the same ones. */
export function choosePoints(kind, counts, step = 1) {
  switch (kind) {
    case 'held':
      return numbersTo(counts.held, step).map((at) => ({ faults: [{ kind: 'kill', at }], held: true }));
    case 'recovery':
      return spread(counts.all, Math.ceil(deathsForRecovery / Math.sqrt(step))).flatMap((at, index) =>
        // A recovery goes on from where the first daemon was: the later that was, the less is left to do.
        numbersTo(counts.all - at + 30, recoveryStep * Math.ceil(Math.sqrt(step)), 1 + (index % recoveryStep)).map(
          (then) => ({
            faults: [
              { kind: 'kill', at },
              { kind: 'kill', at: then },
            ],
            held: index % 3 === 0 && at < counts.held,
          }),
        ),
      );
    default:
      return numbersTo(counts.all, step).map((at) => ({ faults: [{ kind, at }] }));
  }
}

/** `count` numbers, evenly spread from 1 to `last`. */
export function spread(last, count) {
  if (count === 1) return [Math.ceil(last / 2)];
  return Array.from({ length: count }, (_, index) => 1 + Math.round((index * (last - 1)) / (count - 1)));
}

function numbersTo(last, step, first = 1) {
  const numbers = [];
  for (let number = first; number <= last; number += step) numbers.push(number);
  return numbers;
}

/**
 * `count` calls at random, for a sweep that has little time: the kinds of calls take turns, so that rare ones come up as
 * often as frequent ones. Each is named by its operation and its number among those, since the order of all calls differs
 * from run to run.
 */
export function sampleCalls(calls, count) {
  const drawn = numberEach(calls)
    .map((call) => ({ ...call, lot: Math.random() }))
    .sort((a, b) => a.lot - b.lot);
  const turns = numberEach(drawn).map(({ at }) => at);
  return drawn
    .map(({ op, at }, index) => ({ op, at, turn: turns[index] }))
    .sort((a, b) => a.turn - b.turn)
    .slice(0, count)
    .map(({ op, at }) => ({ op, at }));
}

/** The operations of calls, each with its number among those of its kind. */
function numberEach(calls) {
  const seen = new Map();
  return calls.map(({ op }) => {
    const at = (seen.get(op) ?? 0) + 1;
    seen.set(op, at);
    return { op, at };
  });
}
