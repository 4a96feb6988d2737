/**
 * Bundles the program with its libraries into dist/, so that one package is installed and a command loads few files. Names
 * and lines stay as they are: users report what a stack trace says. The licences of what was bundled are written beside.
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { defineConfig } from 'rolldown';

/** The programs: the command, and those that it starts on their own. Each is in dist/ what it is in src/. */
const programs = [
  'cli/main',
  'adapters/agent/scripted/scripted-main',
  'adapters/sandbox/confined-main',
  'adapters/git-guard/guard-main',
  'adapters/agent/claude/run-server-main',
];

/** Files that the sandbox library looks for beside its code: they keep confined commands from sockets, and Java to its proxy. */
const sandboxVendor = 'node_modules/@anthropic-ai/sandbox-runtime/vendor';
const vendored = ['seccomp/x64/apply-seccomp', 'seccomp/arm64/apply-seccomp', 'java-proxy-agent/srt-proxy-agent.jar'];

export default defineConfig({
  input: Object.fromEntries(programs.map((name) => [name, `src/${name}.ts`])),
  platform: 'node',
  // What yaml exports for Node.js is CommonJS, which is bundled whole; this is the same as modules, without what is not used.
  resolve: {
    alias: { yaml: fileURLToPath(new URL('node_modules/yaml/browser/dist/index.js', import.meta.url)) },
  },
  plugins: [
    {
      name: 'notices',
      generateBundle(_, bundle) {
        const modules = Object.values(bundle).flatMap((file) =>
          file.type === 'chunk' ? Object.keys(file.modules) : [],
        );
        this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-NOTICES.txt', source: writeNotices(modules) });
      },
      writeBundle({ dir }) {
        for (const file of vendored) cpSync(join(sandboxVendor, file), join(dir, 'adapters/sandbox/vendor', file));
      },
    },
  ],
  output: {
    dir: 'dist',
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // The lowest floor is small files that nearly every command needs, and each file costs half a millisecond.
    codeSplitting: { groups: [{ name: 'domain', test: /\/src\/(?:domain\/|ports\.ts)/ }] },
    // Each start compiles what it loads, and comments are a third of that.
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});

/** The licences of the packages that modules are from; throws where one has none. */
function writeNotices(modules) {
  const folders = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0] ?? []));
  const notices = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const texts = readdirSync(folder)
      .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8').trim());
    if (texts.length === 0 || license === undefined) throw new Error(`${name} has no licence that could be passed on`);
    return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
  });
  return `branchboard contains these packages.\n\n${notices.sort().join(`\n${'-'.repeat(80)}\n\n`)}`;
}
