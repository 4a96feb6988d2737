/** `graph`: the dependencies as a Mermaid flowchart. */
import type { BoardData, TaskData } from '../../views/board-data.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { readBoardData } from '../read-board.ts';
import { findPlace, type GlobalOptions } from '../place.ts';
import { print, printJson, type Verb } from '../verb.ts';

/** The verb `graph`. */
export const graphCommand: Verb = (command) =>
  command
    .option('--json', 'as data: nodes and edges')
    .action(async (options: GlobalOptions & { readonly json?: boolean }) => {
      const { data } = await readBoardData(await findPlace(options));
      const graph = listGraph(data);
      if (options.json === true) printJson({ version: 1, ...graph });
      else print(formatMermaid(data, graph.edges));
    });

interface Edge {
  readonly from: string;
  readonly to: string;
}

function listGraph(data: BoardData) {
  const known = listKnown(data);
  // What a finished task depended on may be listed no more.
  const isShown = ({ column }: TaskData, from: string) =>
    (column !== 'done' && column !== 'archive') || known.has(from.toLowerCase());
  const edges = data.tasks.flatMap((task) =>
    task.dependsOn.filter((from) => isShown(task, from)).map((from): Edge => ({ from, to: task.id })),
  );
  return { nodes: data.tasks.map(({ id, title, column }) => ({ id, title, column })), edges };
}

function formatMermaid(data: BoardData, edges: readonly Edge[]): string {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const key = id.toLowerCase();
    const name = names.get(key) ?? `t${String(names.size + 1)}`;
    names.set(key, name);
    return name;
  };
  const nodes = data.tasks.map((task) => `  ${nameOf(task.id)}["${labelOf(task)}"]:::${task.column}`);
  const arrows = edges.map(({ from, to }) => `  ${nameOf(from)} --> ${nameOf(to)}`);
  const known = listKnown(data);
  const unknown = [...new Set(edges.map((edge) => edge.from))].filter((id) => !known.has(id.toLowerCase()));
  const missing = unknown.map((id) => `  ${nameOf(id)}["${escapeLabel(id)}<br/>does not exist yet"]`);
  const classes = [
    '  classDef active stroke:#0aa,stroke-width:3px',
    '  classDef attention stroke:#c80,stroke-width:3px',
    '  classDef done stroke:#2a2',
    '  classDef queued stroke:#888',
    '  classDef archive stroke:#ccc,color:#999',
  ];
  return ['flowchart LR', ...nodes, ...missing, ...arrows, ...classes].join('\n');
}

function listKnown(data: BoardData): ReadonlySet<string> {
  return new Set(data.tasks.map((task) => task.id.toLowerCase()));
}

function labelOf(task: TaskData): string {
  return task.title === task.id ? escapeLabel(task.id) : `${escapeLabel(task.title)}<br/>${escapeLabel(task.id)}`;
}

/** Mermaid takes HTML entities, and nothing else is safe in a quoted label. */
function escapeLabel(text: string): string {
  return cleanLine(text).replace(/[^\p{L}\p{N} .,_-]/gu, (character) => `#${String(character.codePointAt(0))};`);
}
