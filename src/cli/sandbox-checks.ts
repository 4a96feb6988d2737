/**
 * Checks of `doctor` about what agents may run: whether a sandbox holds them, and else which commands are allowed by
 * name.
 */
import { trySandbox } from '../adapters/sandbox/sandbox-probe.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Settings } from '../domain/settings.ts';
import { renderSuggested, type Suggestion } from '../markdown/suggestions.ts';
import type { Finding } from './finding.ts';

/** The sandbox of this machine, tried unless the settings switch it off, and what to tell of it. */
export async function checkSandbox(
  settings: Settings,
): Promise<{ readonly sandbox: Sandbox; readonly found: Finding }> {
  const { mode } = settings.sandbox;
  const sandbox = await trySandbox(mode, process.env['PATH'] ?? '');
  const check = 'sandbox';
  switch (sandbox.kind) {
    case 'on':
      return { sandbox, found: { check, status: 'ok', detail: 'agents and checks are confined' } };
    case 'off':
      return {
        sandbox,
        found: { check, status: 'warning', detail: 'off, as the settings say: agents and checks are not confined' },
      };
    case 'missing': {
      const detail = `agents and checks are not confined: ${sandbox.why}`;
      // The board does not start where the settings insist.
      return { sandbox, found: { check, status: mode === 'on' ? 'problem' : 'warning', detail, hint: sandbox.hint } };
    }
  }
}

/** The check of agents' permissions; `suggestion` holds the commands of the repository's tools. */
export function checkPermissions(settings: Settings, sandbox: Sandbox, suggestion: Suggestion): Finding {
  const check = 'permissions';
  if (settings.permissionMode === 'bypassPermissions') {
    return {
      check,
      status: 'warning',
      detail: 'bypassPermissions: agents may do anything that you may',
      hint: 'Use it in a container or a virtual machine only.',
    };
  }
  if (suggestion.verify.length > 0 && settings.verify.length === 0) {
    const forbidden = suggestion.verify.find((command) => !isAllowed(command, settings.allowedTools));
    return {
      check,
      status: 'warning',
      detail:
        forbidden === undefined || sandbox.kind === 'on'
          ? 'no `verify` command: work is done unchecked'
          : `agents can't run \`${forbidden}\``,
      hint: `Add to .orchestrator/config.yaml  verify: ${renderSuggested(suggestion.verify)}`,
    };
  }
  const allowed = settings.allowedTools.length;
  return {
    check,
    status: 'ok',
    detail: `${settings.permissionMode}, ${allowed} tool rules allowed, ${settings.verify.length} verify commands`,
  };
}

/** A rule for the command's program counts as well: its author has thought of it. */
function isAllowed(command: string, rules: readonly string[]): boolean {
  const [program = ''] = command.split(' ');
  return rules.some((rule) => ['Bash', 'Bash(*)'].includes(rule) || rule.startsWith(`Bash(${program}`));
}
