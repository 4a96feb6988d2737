/** Tells who follows a run that it is alive though it prints nothing: the tool that is at work, and since when. */
import { stat } from 'node:fs/promises';
import colors from 'picocolors';
import { describeToolCall, isResultCall } from '../../adapters/agent/claude/tool-call.ts';
import { asArray, asObject, asString, parseObject } from '../../adapters/machine/json-shape.ts';
import { formatDuration } from '../../domain/amounts.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { formatMinute } from './local-time.ts';

/** A silence is told of after so long, and then each time after twice as long. */
const firstAfterMs = 15_000;
const maxToolChars = 120;

/** The items as they come; null whenever none came for `afterMs`, and for twice as long each time. */
export async function* tellSilence<Item>(
  items: AsyncIterator<Item>,
  afterMs = firstAfterMs,
): AsyncGenerator<Item | null> {
  let next = items.next();
  let wait = afterMs;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, wait, null);
    });
    const got = await Promise.race([next, silence]);
    clearTimeout(timer);
    if (got === null) {
      yield null;
      wait *= 2;
      continue;
    }
    if (got.done === true) return;
    yield got.value;
    next = items.next();
    wait = afterMs;
  }
}

/** Which tool calls of a stream have no result yet. */
export class OpenTools {
  readonly #open = new Map<string, string>();

  /** Takes the next line of the stream. */
  see(line: string): void {
    const event = parseObject(line);
    if (event === null) return;
    for (const block of asArray(asObject(event['message'])?.['content']).map(asObject)) {
      if (block === null) continue;
      const isCall = asString(block['type']) === 'tool_use' && !isResultCall(block);
      if (isCall) this.#open.set(asString(block['id']) ?? '', cleanLine(describeToolCall(block), maxToolChars));
      else this.#open.delete(asString(block['tool_use_id']) ?? '');
    }
  }

  /** The one that was called last, in words; null where none is open. */
  get last(): string | null {
    return [...this.#open.values()].at(-1) ?? null;
  }
}

/** Such as `… Bash npm test: nothing since 14:32 (2 min)`; null where the output is gone. */
export async function describeSilence(tools: OpenTools, outputPath: string, now: number): Promise<string | null> {
  const stats = await stat(outputPath).catch(() => null);
  if (stats === null) return null;
  const since = `nothing since ${formatMinute(stats.mtimeMs, now)} (${formatDuration(Math.max(0, now - stats.mtimeMs))})`;
  return colors.dim(`… ${tools.last ?? 'its agent thinks'}: ${since}`);
}
