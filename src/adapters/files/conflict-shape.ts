/** The shapes in which facts keep conflicts among dependencies, the evidence of their resolutions, and the losses that agents name. */
import * as z from 'zod/mini';

const text = z.string();
const texts = z.array(text);

/** The losses that an agent which resolved a conflict names. */
export const namedLosses = z.array(z.object({ path: text, line: z.nullable(text), reason: text }));

/** Two works that can't be merged by themselves. */
export const baseConflict = z.object({ sides: z.tuple([text, text]), files: texts, commit: text });

/** The evidence of a resolution. */
export const mergeEvidence = z.object({
  marked: texts,
  losses: z.array(z.object({ side: text, path: text, line: z.nullable(text) })),
  beside: texts,
});
