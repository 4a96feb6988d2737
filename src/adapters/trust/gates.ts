/**
 * Lets settings and roles count only once the user trusts them. While the board runs, the ones trusted last stay in
 * force: a pull, or the merge of an agent's branch, changes nothing until the user says yes.
 */
import { formatDiagnostic, type Diagnostic } from '../../domain/diagnostic.ts';
import type { Claim } from '../../domain/claim.ts';
import type { Role } from '../../domain/role.ts';
import type { Settings } from '../../domain/settings.ts';
import { PortError, type Roles, type SettingsFile } from '../../ports.ts';
import type { Trust } from './trusted-claims.ts';

/** Settings as the file has them, or, where they are not trusted, none with the reason; asked again until they are. */
export function trustSettings(
  file: SettingsFile,
  shownAs: string,
  trust: Trust,
  claimsOf: (settings: Settings) => readonly Claim[],
): SettingsFile {
  /** Claims of the file that are not in force. */
  let waiting: { readonly settings: Settings; readonly problems: readonly Diagnostic[]; isTold: boolean } | null = null;
  return {
    async readIfChanged() {
      const read = await file.readIfChanged();
      if (read?.settings === null) waiting = null;
      else if (read !== null) waiting = { settings: read.settings, problems: read.problems, isTold: false };
      const found = waiting;
      if (found === null) return read;
      const untrusted = await trust.findUntrusted(claimsOf(found.settings));
      const { settings, problems, isTold } = found;
      if (untrusted.length === 0) waiting = null;
      else found.isTold = true;
      if (untrusted.length === 0) return { settings, problems };
      return isTold
        ? null
        : {
            settings: null,
            problems: [...problems, describe(shownAs, untrusted, 'the settings that were trusted last stay in force')],
          };
    },
  };
}

/** Roles by name; one with tools that are not trusted is as it was when it was trusted last. */
export function trustRoles(roles: Roles, trust: Trust, claimsOf: (role: Role) => readonly Claim[]): Roles {
  const last = new Map<string, Role>();
  return {
    async find(name) {
      const role = await roles.find(name);
      const untrusted = role.source === 'shipped' ? [] : await trust.findUntrusted(claimsOf(role));
      if (untrusted.length === 0) {
        last.set(name, role);
        return role;
      }
      const earlier = last.get(name);
      if (earlier !== undefined) return earlier;
      const detail = formatDiagnostic(describe(`the role ${name}`, untrusted, 'without it the role is not used'));
      throw new PortError(detail, { fault: { reason: 'setup-failed', detail } });
    },
  };
}

function describe(file: string, untrusted: readonly Claim[], meanwhile: string): Diagnostic {
  const keys = [...new Set(untrusted.map(({ key }) => `\`${key}\``))].join(', ');
  return {
    severity: 'error',
    file,
    message: `${keys} came with git, and nobody said yes to it as it is now; ${meanwhile}`,
    hint: 'See it and say yes: branchboard trust',
  };
}
