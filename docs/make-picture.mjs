/**
 * Draws `docs/board.svg` from a run of the demo: the live view in the middle of it, and the dashboard that it leaves.
 * `script` (util-linux) lends the demo a terminal; a headless terminal reads what it prints.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import xterm from '@xterm/headless';

const cols = 100;
const rows = 28;
const dashboardRows = 26;
const charWidth = 8.4;
const lineHeight = 18;
const margin = 16;
/** The ANSI colours that the live view uses, by number. */
const palette = { 1: '#f85149', 2: '#3fb950', 3: '#d29922', 6: '#39c5cf' };
const cliMain = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const printed = recordDemo();
const terminal = await showMiddle(printed);
const dashboard = readDashboard(printed).slice(0, dashboardRows);
writeFileSync(new URL('board.svg', import.meta.url), draw(terminal, dashboard));

/** All that the demo prints on a terminal. */
function recordDemo() {
  const folder = mkdtempSync(join(tmpdir(), 'branchboard-picture-'));
  const file = join(folder, 'printed');
  const command = `stty cols ${cols} rows ${rows}; exec '${process.execPath}' '${cliMain}' demo`;
  execFileSync('script', ['--quiet', '--return', '--command', command, file], {
    stdio: 'ignore',
    env: { ...process.env, TERM: 'xterm-256color', TMPDIR: folder },
  });
  // The first line is of `script`, and names paths of this machine.
  const text = readFileSync(file, 'utf8').replace(/^Script started on .*\n/, '');
  rmSync(folder, { recursive: true });
  return text;
}

/** The screen at the last frame in which two agents work and something is done, as lines of styled pieces. Throws where no frame is such. */
async function showMiddle(text) {
  const frames = text.split('\x1b[?2026l');
  const last = frames.findLastIndex((frame) => /· 2 active · \d queued/.test(frame) && frame.includes('✓'));
  if (last === -1)
    throw new Error(
      'The demo showed no frame with two agents at work and a task that is done. Run it again on a machine that is less busy.',
    );
  const screen = new xterm.Terminal({ cols, rows, allowProposedApi: true, convertEol: true });
  for (const frame of frames.slice(0, last + 1)) await new Promise((done) => screen.write(frame, done));
  const { active } = screen.buffer;
  return Array.from({ length: rows }, (_, row) => readLine(active.getLine(active.viewportY + row)));
}

function readLine(line) {
  const pieces = [];
  for (let x = 0; x < cols; x++) {
    const cell = line.getCell(x);
    const style = [
      cell.isBold() ? 'font-weight="bold"' : '',
      cell.isDim() ? 'opacity="0.6"' : '',
      cell.isFgPalette() ? `fill="${palette[cell.getFgColor()] ?? '#e6edf3'}"` : '',
    ].join(' ');
    const text = cell.getChars() || ' ';
    const open = pieces.at(-1);
    if (open?.style === style) open.text += text;
    else pieces.push({ style, text });
  }
  return pieces;
}

/** The dashboard that the demo prints at its end. Throws where it printed none. */
function readDashboard(text) {
  const from = text.lastIndexOf('\n# branchboard: ');
  if (from === -1) throw new Error('The demo printed no dashboard.');
  const lines = text
    .slice(from + 1)
    .replaceAll('\r', '')
    .split('\n');
  return lines.map((line) => {
    const style = line.startsWith('#') ? 'font-weight="bold"' : line.startsWith('_') ? 'opacity="0.7"' : '';
    return [{ style, text: line.length > cols ? `${line.slice(0, cols - 1)}…` : line }];
  });
}

function draw(...panels) {
  const width = Math.ceil(cols * charWidth) + 2 * margin;
  let y = 0;
  const drawn = panels.map((lines, index) => {
    const height = lines.length * lineHeight + 2 * margin;
    const colors = index === 0 ? { back: '#0d1117', text: '#e6edf3' } : { back: '#f6f8fa', text: '#1f2328' };
    const texts = lines.map((pieces, row) => {
      const spans = pieces.map(({ style, text }) => `<tspan ${style.trim()}>${escape(text)}</tspan>`).join('');
      return `<text x="${margin}" y="${y + margin + (row + 0.75) * lineHeight}" xml:space="preserve">${spans}</text>`;
    });
    const panel = `<g fill="${colors.text}"><rect y="${y}" width="${width}" height="${height}" rx="8" fill="${colors.back}"/>${texts.join('\n')}</g>`;
    y += height + margin;
    return panel;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y - margin}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">\n${drawn.join('\n')}\n</svg>\n`;
}

function escape(text) {
  return text.trimEnd().length === 0
    ? text
    : text.replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char]);
}
