/** The user of a simulation: drops, edits, moves and deletes files, changes the notes and the settings, pauses. */
import {
  commandOfTick,
  makeCommandId,
  type Command,
  type CommandRequest,
  type Seen,
} from '../../src/domain/command.ts';
import { listAsks } from '../../src/domain/rights.ts';
import { columns, idOfFile, priorities, type Column, type TaskId } from '../../src/domain/task.ts';
import { readEdits } from '../../src/markdown/dashboard-edits.ts';
import { parseSettings } from '../../src/markdown/settings-file.ts';
import { stripStory } from '../../src/markdown/story.ts';
import { parseTaskFile } from '../../src/markdown/task-file.ts';
import { tipOf, type World } from './world.ts';

const settingsTexts = [
  '',
  'max_parallel: 1\nconflicts: ask\n',
  'max_parallel: 2\nretries: 0\n',
  'max_parallel: 5\nretries: 3\nverify: [npm test]\n',
  'stall_after: 1m\ntimeout: 5m\n',
  'max_parallel: many\n',
  'permission_mode: dontAsk\ntask_rights: { retries: 3 }\n',
  'daily_budget_usd: 1\n',
  'max_parallel: 2\nreview: scout\nreview_rounds: 2\nverify: [npm test]\n',
  'keep: 30s\n',
  'verify: [npm test, npm run lint]\n',
] as const;

/** Lines by which a file asks for rights, and one by which it takes some away from itself. */
const asking = [
  'permission_mode: bypassPermissions',
  'allowed_tools: [Bash]',
  'verify: make',
  'verify: []',
  'parent: t1\nallowed_tools: Bash',
  'permission_mode: plan',
] as const;

const askedKinds = ['retry', 'requeue', 'cancel', 'put-aside', 'finish', 'open', 'take', 'hand-back'] as const;

/** Somebody who does things at bad moments. */
export class User {
  readonly #world: World;
  readonly #taskCount: number;
  #edits = 0;
  #asked = 0;
  /** The dashboard as an editor loaded it some time ago. */
  #buffer: string | null = null;

  constructor(world: World, taskCount: number) {
    this.#world = world;
    this.#taskCount = taskCount;
  }

  /** Drops each task's file once, in any order. */
  dropAll(withinMs: number): void {
    for (let number = 1; number <= this.#taskCount; number++) {
      this.#world.time.after(this.#world.random.int(0, withinMs), () => this.#drop(number));
    }
  }

  /** Does one thing. */
  act(): void {
    const { random } = this.#world;
    const what = random.weighted({
      move: 8,
      remove: 1,
      copy: 1,
      edit: 3,
      drop: 3,
      grant: 2,
      ask: 6,
      tick: 3,
      pause: 1,
      notes: 4,
      settings: 1,
      resume: 1,
    });
    switch (what) {
      case 'move':
        this.#move();
        return;
      case 'remove':
        this.#remove();
        return;
      case 'copy':
        this.#copy();
        return;
      case 'edit':
        this.#edit();
        return;
      case 'drop':
        this.#drop(random.int(1, this.#taskCount + 1));
        return;
      case 'grant':
        this.#grant();
        break;
      case 'ask':
        this.#askForTask();
        break;
      case 'tick':
        this.#tick();
        break;
      case 'pause':
        this.#ask({ kind: 'pause' }, null);
        break;
      case 'notes':
        this.#typeNote();
        break;
      case 'settings':
        this.writeSettings(random.pick(settingsTexts));
        break;
      case 'resume':
        this.resume();
    }
    this.#world.note(() => `user: ${what}`);
    this.#world.hint();
  }

  /** Types a line for all tasks or for one, or removes what was typed. */
  #typeNote(): void {
    const world = this.#world;
    const { random } = world;
    const word = `Note ${this.#edits++}.`;
    const asked = ['cancel', 'retry', 'merge', 'priority high', 'priority low', 'after t1', word, word, word];
    if (random.chance(0.2)) world.notes = '';
    else if (random.chance(0.3)) world.notes += `${word}\n`;
    else world.notes += `\n@t${random.int(1, this.#taskCount + 1)}: ${random.pick(asked)}\n`;
  }

  /** Takes back every pause. */
  resume(): void {
    this.#ask({ kind: 'resume' }, null);
    this.#world.hint();
  }

  /** Asks something of a task, which may not be there, or not be any more what the user saw. */
  #askForTask(): void {
    const world = this.#world;
    const { random } = world;
    const task = `t${random.int(1, this.#taskCount + 1)}` as TaskId;
    const file = world.find(`${task}.md`);
    const run = Math.max(0, ...(world.folders.get(task)?.runs.keys() ?? []));
    const stale: Seen = { column: random.pick(columns), run: random.int(0, 3) };
    const seen = file === null || random.chance(0.1) ? null : random.chance(0.2) ? stale : { column: file.column, run };
    const others = [
      'tell',
      'note',
      'send-back',
      'merge',
      'restack',
      'pr',
      'discard',
      'set-priority',
      'add-dependency',
      'accept',
    ] as const;
    // Of what is done mostly what fits it: a wrong commit is refused often enough.
    const ofReviews = ['send-back', 'merge', 'restack', 'pr', 'discard', 'accept'] as const;
    const isDone = file?.column === 'done' && random.chance(0.7);
    const kind = random.pick(isDone ? ofReviews : [...askedKinds, ...others]);
    if (kind === 'tell' || kind === 'note') this.#ask({ kind, task, text: `Word ${this.#edits++}.` }, seen);
    else if (kind === 'send-back') {
      const commit = random.pick([tipOf(1), tipOf(2), null]);
      this.#ask({ kind, task, commit, text: `Word ${this.#edits++}.` }, seen);
    } else if (kind === 'discard') this.#ask({ kind, task, commit: tipOf(random.int(1, 3)) }, seen);
    else if (kind === 'merge')
      this.#ask({ kind, task, commit: tipOf(1), target: 'main', way: 'merge', whatRuns: random.chance(0.5) }, seen);
    else if (kind === 'accept') {
      this.#ask({ kind, task, only: [], without: random.pick([[], ['2'], ['none']]), said: [] }, seen);
    } else if (kind === 'pr') this.#ask({ kind, task, commit: tipOf(1), whatRuns: false }, seen);
    else if (kind === 'restack') this.#ask({ kind, task, commit: tipOf(1) }, seen);
    else if (kind === 'set-priority') this.#ask({ kind, task, priority: random.pick(priorities) }, seen);
    else if (kind === 'add-dependency') {
      this.#ask({ kind, task, on: `t${random.int(1, this.#taskCount)}` as TaskId }, seen);
    } else this.#ask({ kind, task }, seen);
  }

  /** Ticks a box of the dashboard that an editor holds, however old it is, or loads the one of now. */
  #tick(): void {
    const { random, dashboard } = this.#world;
    const written = this.#buffer ?? dashboard ?? '';
    const open = written.match(/- \[ \] .*/g) ?? [];
    this.#buffer = open.length > 0 && random.chance(0.5) ? written : dashboard;
    if (open.length === 0) return;
    const box = random.pick(open);
    const saved = written.replace(box, () => box.replace('[ ]', '[x]'));
    const { ticks, texts } = readEdits(saved, { kind: 'exact', written }, '');
    if (ticks.length !== 1 || texts.length > 0) this.#world.breakOff(`a tick was not read: ${box}`);
    for (const tick of ticks) {
      const text = `Word ${this.#edits++}.`;
      this.#ask(commandOfTick({ ...tick, text }), tick.seen, 'dashboard');
    }
  }

  /** Lays a command down, sometimes twice; one that is lost on its way was never asked. */
  #ask(command: Command, seen: Seen | null, by: CommandRequest['by'] = 'cli'): void {
    const world = this.#world;
    for (let count = world.random.chance(0.1) ? 2 : 1; count > 0; count--) {
      const id = makeCommandId(world.wall, String(++this.#asked).padStart(8, '0'));
      world.note(() => `user asks ${id}: ${JSON.stringify({ command, seen })}`);
      world.commands.set(id, { version: 1, id, by, at: world.wall, seen, command });
    }
  }

  /** Writes `config.yaml`. */
  writeSettings(text: string): void {
    const world = this.#world;
    world.settingsText = text;
    world.settingsVersion++;
    world.maxParallelEver = Math.max(world.maxParallelEver, Number(/max_parallel: (\d)/.exec(text)?.[1] ?? 0));
    world.maxRetriesEver = Math.max(world.maxRetriesEver, Number(/retries: (\d)/.exec(text)?.[1] ?? 0));
  }

  #drop(number: number): void {
    const world = this.#world;
    const { random } = world;
    const name = `t${number}.md`;
    const text = this.#write(number);
    const put = (content: string) => {
      world.inbox.set(name, { text: content, identity: world.identify(content) });
      world.note(() => `user drops ${name}`);
      world.hint();
    };
    if (random.chance(0.1)) {
      put(text.slice(0, random.int(0, text.length)));
      world.time.after(random.int(1, 240), () => put(text));
    } else put(text);
    if (random.chance(0.03)) world.strays.set('inbox/folder.md', { kind: 'never-read', what: 'a folder' });
  }

  #write(number: number): string {
    const { random } = this.#world;
    const others = Array.from({ length: this.#taskCount }, (_, index) => index + 1).filter((each) => each !== number);
    const wanted = random.chance(0.5) ? random.int(1, 2) : 0;
    // Mostly earlier ones, so that cycles are there but not the rule.
    const candidates = random.chance(0.85) ? others.filter((each) => each < number) : others;
    const dependsOn = new Set<string>();
    for (let count = 0; count < wanted && candidates.length > 0; count++) dependsOn.add(`t${random.pick(candidates)}`);
    if (random.chance(0.03)) dependsOn.add('ghost');
    const lines = [
      ...(dependsOn.size === 0 ? [] : [`depends_on: [${[...dependsOn].join(', ')}]`]),
      ...(random.chance(0.3) ? [`priority: ${random.pick(['high', 'normal', 'low'])}`] : []),
      ...(random.chance(0.15)
        ? [`agent: ${random.pick(['scout', 'planner'])}`]
        : random.chance(0.02)
          ? ['agent: nobody']
          : []),
      ...(random.chance(0.1) ? [`retries: ${this.#drawRetries()}`] : []),
      ...(random.chance(0.25)
        ? [`review: ${random.pick(['scout', 'scout', 'scout', 'developer', 'nobody', 'none'])}`]
        : []),
      ...(random.chance(0.1) ? [random.pick(asking)] : []),
      ...(random.chance(0.03) ? [`id: T${number}`] : []),
      ...(random.chance(0.03) ? ['depends_on: {a: [}'] : []),
    ];
    const body = `# Task ${number}\n\nDo it, edition ${this.#edits++}.\n`;
    return lines.length === 0 ? body : `---\n${lines.join('\n')}\n---\n${body}`;
  }

  /** Says yes to what a task's file asks for as it stands now. */
  #grant(): void {
    const world = this.#world;
    const file = this.#pickFile();
    const stored = file === null ? undefined : world.columns[file.column].get(file.name);
    const task = file === null ? null : idOfFile(file.name);
    if (file === null || stored === undefined || task === null) return;
    const { value } = parseTaskFile(stored.text, { file: file.name, fileName: file.name });
    const { value: settings } = parseSettings(world.settingsText, '');
    if (value === undefined || settings === undefined) return;
    world.putGrant({ version: 1, task, origin: 'dropped', rights: listAsks(value, settings, null) });
  }

  #drawRetries(): number {
    const retries = this.#world.random.int(0, 2);
    this.#world.maxRetriesEver = Math.max(this.#world.maxRetriesEver, retries);
    return retries;
  }

  #pickFile(): { readonly column: Column; readonly name: string } | null {
    const files = columns.flatMap((column) =>
      [...this.#world.columns[column].keys()].map((name) => ({ column, name })),
    );
    return files.length === 0 ? null : this.#world.random.pick(files);
  }

  #move(): void {
    const world = this.#world;
    const file = this.#pickFile();
    if (file === null) return;
    const to = world.random.pick(columns);
    if (to === file.column || world.columns[to].has(file.name)) return;
    world.note(() => `user moves ${file.column}/${file.name} to ${to}`);
    world.rename(file, to);
    world.hint();
  }

  /** Two files of one name. */
  #copy(): void {
    const world = this.#world;
    const file = this.#pickFile();
    if (file === null) return;
    const to = world.random.pick(columns);
    const stored = world.columns[file.column].get(file.name);
    if (stored === undefined || world.columns[to].has(file.name)) return;
    world.note(() => `user copies ${file.column}/${file.name} to ${to}`);
    world.columns[to].set(file.name, { ...stored, identity: world.identify(stored.text) });
    if (to === 'done') world.lastDoneAt.set(file.name.toLowerCase(), world.time.now);
    world.accepted++;
    world.hint();
  }

  #remove(): void {
    const world = this.#world;
    const file = this.#pickFile();
    if (file === null) return;
    world.note(() => `user deletes ${file.column}/${file.name}`);
    world.columns[file.column].delete(file.name);
    world.deleted++;
    world.hint();
  }

  #edit(): void {
    const world = this.#world;
    const file = this.#pickFile();
    if (file === null) return;
    const stored = world.columns[file.column].get(file.name);
    if (stored === undefined) return;
    const number = Number(/\d+/.exec(file.name)?.[0] ?? 1);
    const text = this.#write(number);
    const story = stored.text.slice(stripStory(stored.text).length);
    stored.text = text + story;
    stored.userText = stripStory(stored.text);
    stored.identity = world.identify(stored.text);
    world.note(() => `user edits ${file.column}/${file.name}`);
    world.hint();
  }
}
