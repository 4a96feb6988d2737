/** Tells the agent that resolves a conflict below a task what is in conflict, how to see both sides, and how to end. */
import type { BaseConflict } from '../domain/base-conflict.ts';
import type { TaskSpec } from '../domain/task.ts';
import { code, fence, oneLine } from './fence.ts';

/** The conflict, and the task that waits for it, which is another agent's. */
export function tellConflict({ sides, files, commit }: BaseConflict, spec: TaskSpec): string {
  const [ours, theirs] = sides.map((side) => code(side));
  const [first, second] = [`${commit}^1`, `${commit}^2`];
  return `# The conflict

What you have checked out, ${code(commit)}, is a merge of ${ours ?? ''} (its first parent) and ${theirs ?? ''} (its second) as far as git could make it. These files are in conflict:

${files.map((file) => `- ${code(file)}`).join('\n')}

- Where both sides changed the same lines of a file there are marks in it (\`<<<<<<<\`, \`=======\`, \`>>>>>>>\`). A file without marks was deleted or renamed by one side, or is no text: what stands there is the work of one side alone.
- What the first side changed: ${code(`git diff ${second}...${first}`)}. What the second changed: ${code(`git diff ${first}...${second}`)}. Put ${code('-- FILE')} behind either for one file.
- Resolve it so that both works do what they were made for. Commit it, also where you leave a file as it stands (${code('git commit --allow-empty')}).

# What waits for it

Another agent does this task, ${code(spec.id)}, on top of what you leave. Do nothing of it; it tells what both works are for.

${fence('task', `${oneLine(spec.title)}\n\n${spec.body}`)}`;
}

/** The part of the structured result that only such an agent gives. */
export const droppedItem = `
- \`dropped\`: each line that one of the sides added and that the result does not hold as that side had it: left out, or put together with the other side's. The file, the line as it was, and why. Of a file that you deleted, or that is no text, the file alone. It is compared with both sides: what is missing and not named here makes the run fail.`;
