/**
 * The order in which finished work is best merged: dependencies first, and so that merges conflict least.
 *
 * Of two works that change the same lines the later one meets a conflict. It has to be mended, and all that stands behind it
 * waits. So an order costs, for each work that meets a conflict, itself and those behind it; the order that costs least
 * is chosen, and of several the one that begins with what is given first.
 */

/** A work that is to be merged. Names that are not among the works count for nothing. */
export interface Mergeable {
  readonly id: string;
  readonly dependsOn: readonly string[];
  /** Works that change the same lines. It is enough that one of two names the other. */
  readonly overlaps: readonly string[];
}

/** With more works than this that conflicts or dependencies hold together, a good order is taken, and not the best. */
const maxSolved = 12;

/** See the file's head. Where works depend on each other in a circle, the first of them comes first. */
export function orderReviews<Work extends Mergeable>(works: readonly Work[]): readonly Work[] {
  const links = linkWorks(works);
  const placed = new Set<number>();
  // What conflicts with nothing costs nothing at the front, and makes all that is behind it cheaper.
  const isFree = (index: number) => isReady(links, placed, index) && links.overlaps(index).length === 0;
  for (let next = findOpen(works, placed, isFree); next !== -1; next = findOpen(works, placed, isFree)) {
    placed.add(next);
  }
  const open = [...works.keys()].filter((index) => !placed.has(index));
  const rest = open.length <= maxSolved ? solve(links, placed, open) : takeCheapest(links, placed, open);
  return [...placed, ...rest].flatMap((index) => works[index] ?? []);
}

/** The cost of an order; see the file's head. */
export function costOf(order: readonly Mergeable[]): number {
  const links = linkWorks(order);
  const costs = order.map((_, at) => (links.overlaps(at).some((other) => other < at) ? order.length - at : 0));
  return costs.reduce((sum, cost) => sum + cost, 0);
}

/** The works that each depends on, and those it overlaps with, by their places. */
interface Links {
  dependencies(index: number): readonly number[];
  overlaps(index: number): readonly number[];
}

function linkWorks(works: readonly Mergeable[]): Links {
  const places = new Map(works.map(({ id }, index) => [id.toLowerCase(), index]));
  const find = (id: string) => places.get(id.toLowerCase()) ?? [];
  const dependencies = works.map(({ dependsOn }, index) => dependsOn.flatMap(find).filter((other) => other !== index));
  const overlaps = works.map(() => new Set<number>());
  for (const [index, work] of works.entries()) {
    for (const other of work.overlaps.flatMap(find)) {
      if (other === index) continue;
      overlaps[index]?.add(other);
      overlaps[other]?.add(index);
    }
  }
  const listed = overlaps.map((each) => [...each]);
  return { dependencies: (index) => dependencies[index] ?? [], overlaps: (index) => listed[index] ?? [] };
}

function isReady(links: Links, placed: ReadonlySet<number>, index: number): boolean {
  return links.dependencies(index).every((other) => placed.has(other));
}

function findOpen(works: readonly Mergeable[], placed: ReadonlySet<number>, fits: (index: number) => boolean): number {
  return works.findIndex((_, index) => !placed.has(index) && fits(index));
}

/** Those that may come next; all where a circle keeps each from it. */
function listNext(links: Links, placed: ReadonlySet<number>, open: readonly number[]): readonly number[] {
  const ready = open.filter((index) => isReady(links, placed, index));
  return ready.length > 0 ? ready : open;
}

/** The best order of those that are open, found by the cheapest end of each set of them. */
function solve(links: Links, before: ReadonlySet<number>, all: readonly number[]): readonly number[] {
  const known = new Map<string, { readonly cost: number; readonly order: readonly number[] }>();
  return solveRest(before, all).order;

  function solveRest(
    placed: ReadonlySet<number>,
    open: readonly number[],
  ): { readonly cost: number; readonly order: readonly number[] } {
    const key = open.join();
    const found = known.get(key);
    if (found !== undefined) return found;
    let best = { cost: open.length === 0 ? 0 : Infinity, order: [] as readonly number[] };
    for (const next of listNext(links, placed, open)) {
      const rest = solveRest(
        new Set([...placed, next]),
        open.filter((index) => index !== next),
      );
      const cost = rest.cost + (links.overlaps(next).some((other) => placed.has(other)) ? open.length : 0);
      if (cost < best.cost) best = { cost, order: [next, ...rest.order] };
    }
    known.set(key, best);
    return best;
  }
}

/** An order that takes at each place what meets no conflict there and makes the fewest for those that are left. */
function takeCheapest(links: Links, before: ReadonlySet<number>, all: readonly number[]): readonly number[] {
  const placed = new Set(before);
  const order: number[] = [];
  for (let open = [...all]; open.length > 0; open = open.filter((index) => !placed.has(index))) {
    const weigh = (index: number) => {
      const met = links.overlaps(index).filter((other) => placed.has(other)).length;
      return (met > 0 ? all.length : 0) + links.overlaps(index).length - met;
    };
    const [first = 0, ...others] = listNext(links, placed, open);
    const next = others.reduce((best, index) => (weigh(index) < weigh(best) ? index : best), first);
    placed.add(next);
    order.push(next);
  }
  return order;
}
