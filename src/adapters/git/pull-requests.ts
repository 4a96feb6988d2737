/**
 * Opens pull requests by GitHub's own program, `gh`. Whether that is there, logged in and knows the repository is asked
 * before anything is pushed. Then one branch is pushed, at the commit that was seen, by git's own rules: never by force, and
 * without hooks. `gh` is given the remote by its address and runs in a folder of no repository, so that it reads no
 * settings an agent may have changed; texts travel through arguments and stdin, never through a shell.
 */
import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { limits } from '../../domain/limits.ts';
import {
  pullStates,
  type PullDraft,
  type PullOutcome,
  type PullRequest,
  type PullRequests,
} from '../../domain/pull-request.ts';
import { PortError } from '../../ports.ts';
import { connecting, type Git } from './git.ts';
import { quote } from './git-errors.ts';
import { branchRef, resolveCommits } from './refs.ts';
import { listWhatRuns } from './what-runs.ts';

/** The exit code of `gh` where nobody is logged in. */
const notLoggedIn = 4;

/** The options of {@link createPullRequests}. */
export interface PullOptions {
  readonly git: Git;
  readonly env: NodeJS.ProcessEnv;
  /** Ends what is under way, because the board stops. */
  readonly signal: AbortSignal;
}

/** Something keeps the work from being proposed, with what to type. */
class Refusal extends Error {
  readonly hint: string;

  constructor(why: string, hint: string) {
    super(why);
    this.hint = hint;
  }
}

/** See the file's head. */
export function createPullRequests(options: PullOptions): PullRequests {
  return {
    async propose(draft) {
      try {
        return await propose(options, draft);
      } catch (error) {
        if (error instanceof Refusal) return { kind: 'refused', why: error.message, hint: error.hint };
        throw error;
      }
    },
    look: async (url) => {
      const found = readJson(await gh(options, ['pr', 'view', url, '--json=state']));
      const state = readField(found, 'state').toLowerCase();
      return pullStates.find((each) => each === state) ?? null;
    },
  };
}

async function propose(options: PullOptions, draft: PullDraft): Promise<PullOutcome> {
  const { git, env } = options;
  const { task, branch, commit, title, body } = draft;
  const again = `branchboard pr ${task}`;
  await checkWork(git, draft, again);
  const remote = await chooseRemote(git, draft.into.at(-1) ?? '', again);
  // A login in it is for git alone: other processes see the arguments of `gh`.
  const address = (await git.run(['remote', 'get-url', remote])).trim().replace(/^(https?:\/\/)[^/@]*@/, '$1');
  const listing = [
    'pr',
    'list',
    `--repo=${address}`,
    `--head=${branch}`,
    '--state=open',
    '--json=url,isCrossRepository',
  ];
  const open = readJson(await gh(options, listing));
  const into = await chooseBase(git, env, remote, draft.into);
  // Tags, submodules and what hooks do are no part of what the user asked for.
  const how = ['--no-verify', '--no-follow-tags', '--recurse-submodules=no', '--quiet'];
  const pushed = await git.attempt(['push', ...how, remote, `${commit}:${branchRef(branch)}`], {
    env: connecting(env),
  });
  if (pushed.exitCode !== 0) {
    const why = `${remote} did not take ${branch}: ${quote(pushed.stderr)}`;
    throw new Refusal(
      why,
      `If its commits were made again: git push --force-with-lease ${remote} ${branch}. Then: ${again}`,
    );
  }
  const known = findOwn(open);
  const words = [`--repo=${address}`, `--base=${into}`, `--title=${title}`, '--body-file=-'];
  if (known === undefined) {
    const said = await gh(options, ['pr', 'create', `--head=${branch}`, ...words], body);
    return { kind: 'opened', pull: { ...readUrl(said), into, commit, state: 'open' } };
  }
  const pull = readUrl(readField(known, 'url'));
  await gh(options, ['pr', 'edit', String(pull.number), ...words], body);
  return { kind: 'updated', pull: { ...pull, into, commit, state: 'open' } };
}

/** The branch is to be at the commit that was seen, and to bring nothing that runs without a word. */
async function checkWork(git: Git, { task, branch, base, commit, whatRuns }: PullDraft, again: string): Promise<void> {
  const [tip = null] = await resolveCommits(git, [branchRef(branch)]);
  if (tip !== commit) {
    const why = tip === null ? `${branch} is gone` : `${branch} is at ${tip.slice(0, 10)} by now`;
    throw new Refusal(why, `Look at it: branchboard diff ${task}. Then: ${again}`);
  }
  const files = whatRuns || base === null ? [] : await listWhatRuns(git, base, commit);
  if (files.length > 0) {
    const hint = `Look at that first: branchboard diff ${task}. Then: ${again} --what-runs`;
    throw new Refusal(`changes what runs, also on the host as soon as it is pushed: ${files.join(', ')}`, hint);
  }
}

/** The remote that the base follows; else `origin`, or the only one. */
async function chooseRemote(git: Git, base: string, again: string): Promise<string> {
  const remotes = (await git.run(['remote'])).split('\n').filter((name) => name !== '');
  const followed = (await git.attempt(['config', '--get', `branch.${base}.remote`])).stdout.trim();
  const chosen = [followed, 'origin', remotes.length === 1 ? remotes[0] : undefined].find(
    (name) => name !== undefined && remotes.includes(name),
  );
  if (chosen !== undefined) return chosen;
  if (remotes.length === 0) {
    throw new Refusal('the repository has no remote to push to', `Type: git remote add origin URL. Then: ${again}`);
  }
  const hint = `Type: git branch --set-upstream-to=REMOTE/${base} ${base}. Then: ${again}`;
  throw new Refusal(`${base} follows none of the remotes ${remotes.join(', ')}`, hint);
}

/** The first of the branches that the remote has. */
async function chooseBase(
  git: Git,
  env: NodeJS.ProcessEnv,
  remote: string,
  branches: readonly string[],
): Promise<string> {
  const listed = await git.attempt(['ls-remote', '--heads', remote, ...branches.map(branchRef)], {
    env: connecting(env),
  });
  if (listed.exitCode !== 0) {
    throw new Refusal(`${remote} can't be reached: ${quote(listed.stderr)}`, `To see why: git ls-remote ${remote}`);
  }
  const found = new Set(listed.stdout.split('\n').map((line) => line.split('\t')[1]));
  const chosen = branches.find((branch) => found.has(branchRef(branch)));
  if (chosen !== undefined) return chosen;
  const base = branches.at(-1) ?? '';
  throw new Refusal(`${remote} has no branch ${base} for it to go into`, `Push it first: git push ${remote} ${base}`);
}

/** Runs `gh`, and returns the text that it prints. Throws Refusal where it can't do its work. */
async function gh({ env, signal }: PullOptions, args: readonly string[], input = ''): Promise<string> {
  const result = await execa('gh', args, {
    ...{ input, cwd: tmpdir(), reject: false, cancelSignal: signal, timeout: limits.gitTimeoutMs },
    env: { ...env, GH_PROMPT_DISABLED: '1', GH_NO_UPDATE_NOTIFIER: '1', NO_COLOR: '1' },
    extendEnv: false,
  });
  if (!result.failed) return result.stdout;
  if (result.code === 'ENOENT') {
    throw new Refusal(
      'gh, which opens pull requests, is not installed',
      'See https://cli.github.com. Then: gh auth login',
    );
  }
  if (result.exitCode === notLoggedIn) throw new Refusal('gh is not logged in', 'Type: gh auth login');
  const said = result.stderr.trim() === '' ? result.shortMessage : quote(result.stderr);
  throw new Refusal(`gh says: ${said}`, 'To see what it lacks: gh auth status');
}

function readUrl(text: string): Pick<PullRequest, 'url' | 'number'> {
  const found = /https?:\/\/\S+\/(\d+)(?=\s|$)/.exec(text);
  if (found === null) throw new PortError(`gh told no address of a pull request: ${quote(text)}`);
  return { url: found[0], number: Number(found[1]) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PortError(`gh printed no data: ${quote(text)}`);
  }
}

/** The first pull request of a branch of the repository itself: anybody's fork may have a branch of that name. */
function findOwn(listed: unknown): unknown {
  const all: readonly unknown[] = Array.isArray(listed) ? listed : [];
  return all.find((each) => readValue(each, 'isCrossRepository') !== true);
}

function readField(data: unknown, name: string): string {
  const value = readValue(data, name);
  return typeof value === 'string' ? value : '';
}

function readValue(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null && name in data ? data[name as keyof typeof data] : null;
}
