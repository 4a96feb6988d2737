/** `doctor`: checks all that a board needs, and says how to mend what is missing. */
import { watch } from 'node:fs';
import { messageOf } from '../../domain/error-message.ts';
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { findAgent } from '../../adapters/agent/driver/command-path.ts';
import { identityHint, openRepository, type Repository } from '../../adapters/git/repository.ts';
import { describeWatchTrouble, watchLimitsHint } from '../../adapters/files/change-hints.ts';
import { PortError } from '../../ports.ts';
import { checkFolders } from '../../adapters/files/own-folders.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import { defaultSettings, type Settings } from '../../domain/settings.ts';
import { fetchesSubmodules } from '../../domain/task.ts';
import { checkCheckout } from '../checkout-checks.ts';
import { checkRoles } from '../check-roles.ts';
import { checkBehaviour, checkLocalRights } from '../claude-checks.ts';
import { composeSettings } from '../compose-reader.ts';
import { exitCodes } from '../exit-code.ts';
import type { Finding } from '../finding.ts';
import { suggestFor } from '../found-tools.ts';
import { findUncheckedPlace, placeOf, type GlobalOptions, type Place } from '../place.ts';
import { checkSecrets, checkTracked, checkTrust } from '../repository-checks.ts';
import { checkPermissions, checkSandbox } from '../sandbox-checks.ts';
import { print, printJson, type Verb } from '../verb.ts';

const minFreeMiB = 1024;
const minWatches = 8192;
const agentTimeoutMs = 20_000;
const oldestNode = { major: 20, minor: 19 };
/** Any of these stands for a login where Claude Code has no file of its own. */
const loginVariables = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
];

const loginCheck = 'login';

/** The verb `doctor`. */
export const doctorCommand: Verb = (command, exit) =>
  command.option('--json', 'as data').action(async (options: GlobalOptions & { readonly json?: boolean }) => {
    const findings = await examine(options);
    if (options.json === true) printJson({ version: 1, findings });
    else {
      for (const finding of findings) print(formatFinding(finding));
      const isLoggedIn = !findings.some(({ check, status }) => check === loginCheck && status !== 'ok');
      const ready = isLoggedIn ? 'Ready' : 'Ready once you are logged in';
      if (!findings.some(({ status }) => status === 'problem')) print(`${ready}. Type: ${await nextStep(options)}`);
    }
    if (findings.some(({ status }) => status === 'problem')) exit(exitCodes.notReady);
  });

async function nextStep(options: GlobalOptions): Promise<string> {
  const hasBoard = await findUncheckedPlace(options).then(
    () => true,
    () => false,
  );
  return hasBoard ? 'branchboard add "A sentence", or: branchboard add TASK.md' : 'branchboard init';
}

async function examine(options: GlobalOptions): Promise<readonly Finding[]> {
  const opened = await openRepository(options.repo ?? process.cwd());
  const node = checkNode();
  if (!opened.ok) {
    const { message: detail, hint } = opened.failure;
    const folder = options.repo ?? process.cwd();
    return [
      node,
      { check: 'git', status: 'problem', detail, hint },
      ...(await checkAgent(defaultSettings, folder, true)),
      (await checkSandbox(defaultSettings)).found,
    ];
  }
  const repository = opened.value;
  const place = placeOf(repository);
  const { settings, finding } = await checkSettings(place);
  const trust = await checkTrust(place, settings);
  const { sandbox, found } = await checkSandbox(settings);
  return [
    node,
    {
      check: 'git',
      status: 'ok',
      detail: `git ${repository.gitVersion}, ${repository.branch ?? `detached at ${repository.commit.slice(0, 8)}`}`,
    },
    repository.hasIdentity
      ? { check: 'identity', status: 'ok', detail: 'git knows a name and an email' }
      : {
          check: 'identity',
          status: 'warning',
          detail: 'git knows no name and email; commits will be by branchboard',
          hint: identityHint,
        },
    checkSubmodules(repository, settings),
    ...(await checkCheckout(place, settings)),
    finding,
    ...trust,
    ...(await checkTracked(place)),
    ...(await checkSecrets(place)),
    ...(await checkAgent(settings, repository.topLevel, trust.length === 0)),
    found,
    checkPermissions(settings, sandbox, await suggestFor(repository.topLevel)),
    await checkTemplates(place, trust.length === 0 ? settings : null),
    ...checkLocalRights(repository, settings),
    await checkWritable(place),
    await checkDisk(repository.topLevel),
    await checkWatches(repository.topLevel),
  ];
}

function checkSubmodules({ hasSubmodules }: Repository, { setup }: Settings): Finding {
  if (!hasSubmodules) return { check: 'submodules', status: 'ok', detail: 'none' };
  if (setup.some(fetchesSubmodules)) return { check: 'submodules', status: 'ok', detail: '`setup` fetches them' };
  return {
    check: 'submodules',
    status: 'warning',
    detail: 'worktrees come without submodules',
    hint: 'Add to .orchestrator/config.yaml  setup: git submodule update --init',
  };
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor);
  return isOld
    ? {
        check: 'node',
        status: 'problem',
        detail: `Node ${process.versions.node}`,
        hint: `Install Node ${oldestNode.major}.${oldestNode.minor} or newer.`,
      }
    : { check: 'node', status: 'ok', detail: `Node ${process.versions.node}` };
}

async function checkSettings(place: Place): Promise<{ readonly settings: Settings; readonly finding: Finding }> {
  const check = 'settings';
  const read = await composeSettings(place).readIfChanged();
  if (read === null || read.settings === null) {
    const detail = (read?.problems ?? []).map(formatDiagnostic).join('\n');
    return {
      settings: defaultSettings,
      finding: { check, status: 'problem', detail, hint: 'Mend it; while a board runs, its old settings stay.' },
    };
  }
  const isThere = await access(place.layout.settings).then(
    () => true,
    () => false,
  );
  const finding: Finding = isThere
    ? { check, status: 'ok', detail: place.layout.settings }
    : { check, status: 'warning', detail: 'no board yet: the defaults hold', hint: 'Type: branchboard init' };
  return { settings: read.settings, finding };
}

/** Roles; the agent's program is asked what it knows only where it is trusted. */
async function checkTemplates(place: Place, trusted: Settings | null): Promise<Finding> {
  const check = 'roles';
  const problems = (await checkRoles(place, trusted)).flatMap(({ problem }) => (problem === null ? [] : [problem]));
  if (problems.length === 0) return { check, status: 'ok', detail: 'all can be used: branchboard roles' };
  return { check, status: 'problem', detail: problems.join('\n'), hint: 'Mend it; tasks in that role wait for you.' };
}

/** The agent's program is run only where the settings that name it are trusted. */
async function checkAgent(settings: Settings, repoDir: string, isTrusted: boolean): Promise<readonly Finding[]> {
  let path: string | null;
  try {
    path = findAgent(settings, process.env, repoDir);
  } catch (error) {
    const detail = messageOf(error);
    return [
      {
        check: 'agent',
        status: 'problem',
        detail,
        hint: 'Install Claude Code: npm install -g @anthropic-ai/claude-code',
      },
    ];
  }
  if (path === null)
    return [{ check: 'agent', status: 'ok', detail: 'the built-in scripted agent; no model is called' }];
  if (!isTrusted) return [{ check: 'agent', status: 'warning', detail: `${path}; not run before you trust it` }];
  const version = await execa(path, [...settings.agent.args, '--version'], {
    reject: false,
    timeout: agentTimeoutMs,
    stdin: 'ignore',
  });
  const agent: Finding =
    version.exitCode === 0
      ? { check: 'agent', status: 'ok', detail: `${path}: ${version.stdout.trim().split('\n')[0] ?? ''}` }
      : {
          check: 'agent',
          status: 'problem',
          detail: `${path} --version fails: ${version.stderr.trim() || version.shortMessage || ''}`,
          hint: `Try it by hand: ${path} --version`,
        };
  if (agent.status !== 'ok') return [agent, await checkLogin(settings)];
  const searchPath = settings.agent.env['PATH'] ?? process.env['PATH'] ?? '';
  return [agent, ...(await checkBehaviour(path, searchPath)), await checkLogin(settings)];
}

/** Only whether there is a login, never what it is. */
async function checkLogin(settings: Settings): Promise<Finding> {
  const check = loginCheck;
  const environment = { ...process.env, ...settings.agent.env };
  const variable = loginVariables.find((name) => (environment[name] ?? '') !== '');
  if (variable !== undefined) return { check, status: 'ok', detail: `by ${variable}` };
  const home = environment['CLAUDE_CONFIG_DIR'] ?? `${environment['HOME'] ?? ''}/.claude`;
  const stored = await access(`${home}/.credentials.json`).then(
    () => true,
    () => false,
  );
  if (stored) return { check, status: 'ok', detail: `stored in ${home}` };
  // On macOS it is in the keychain, which is not looked into.
  return {
    check,
    status: 'warning',
    detail: 'no login was found',
    hint: 'Type `claude` and log in, or set ANTHROPIC_API_KEY. (A login in the macOS keychain is not seen here.)',
  };
}

async function checkWritable(place: Place): Promise<Finding> {
  const check = 'folder';
  const { root, folders } = place.layout;
  try {
    checkFolders(folders);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { check, status: 'problem', detail: error.message };
  }
  const folder = await access(root).then(
    () => root,
    () => dirname(root),
  );
  return access(folder, constants.W_OK).then(
    (): Finding => ({ check, status: 'ok', detail: `${folder} is writable` }),
    (): Finding => ({
      check,
      status: 'problem',
      detail: `${folder} is not writable`,
      hint: `Type: chmod u+w ${folder}`,
    }),
  );
}

async function checkDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const freeMiB = Math.floor((bavail * bsize) / 2 ** 20);
  return freeMiB < minFreeMiB
    ? {
        check: 'disk',
        status: 'warning',
        detail: `${freeMiB} MiB free`,
        hint: 'Each task has a checkout of its own; make room, or set worktrees.dir to another disk.',
      }
    : { check: 'disk', status: 'ok', detail: `${Math.floor(freeMiB / 1024)} GiB free` };
}

/** Watching is a convenience; the sweep finds what a watcher can't. */
async function checkWatches(folder: string): Promise<Finding> {
  const check = 'watches';
  try {
    watch(folder).close();
  } catch (error) {
    return { check, status: 'warning', detail: describeWatchTrouble(error) };
  }
  const text = await readFile('/proc/sys/fs/inotify/max_user_watches', 'utf8').catch(() => null);
  if (text === null) return { check, status: 'ok', detail: 'no limit that could be read' };
  const watches = Number(text);
  return watches < minWatches
    ? {
        check,
        status: 'warning',
        detail: `inotify allows ${watches} watches; files may be noticed seconds late`,
        hint: watchLimitsHint,
      }
    : { check, status: 'ok', detail: `inotify allows ${watches}` };
}

function formatFinding({ check, status, detail, hint }: Finding): string {
  const mark = status === 'ok' ? '✓' : status === 'warning' ? '!' : '✗';
  return `${mark} ${check.padEnd(12)} ${detail}${hint === undefined ? '' : `\n${' '.repeat(15)}${hint}`}`;
}
