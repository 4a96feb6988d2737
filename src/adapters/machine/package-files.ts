/** Where the package's own files are, whether its sources run or the bundle, whose files lie elsewhere than the sources. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of `package.json`. */
export const packageRoot: string = findRoot(import.meta.dirname);

/** The built program `name`, such as `adapters/git-guard/guard-main`; it is in `dist` what it is in `src`. */
export function builtProgram(name: string): string {
  return join(packageRoot, 'dist', `${name}.js`);
}

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}
