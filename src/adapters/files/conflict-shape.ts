/** The formats of what facts tell of conflicts among dependencies: the conflict, what became of it, and what an agent says of that. */
import * as z from 'zod/mini';

const text = z.string();
const texts = z.array(text);

/** What an agent that resolved a conflict says is not as a side had it. */
export const namedLosses = z.array(z.object({ path: text, line: z.nullable(text), reason: text }));

/** Two works that can't be merged by themselves. */
export const baseConflict = z.object({ sides: z.tuple([text, text]), files: texts, commit: text });

/** What a resolution is judged by. */
export const mergeEvidence = z.object({
  marked: texts,
  losses: z.array(z.object({ side: text, path: text, line: z.nullable(text) })),
  beside: texts,
});
