/**
 * A person at an editor, as a process of its own: saves a dashboard `count` times, each time with one more line in the
 * notes, one where the board writes, and the first open box ticked. Arguments: path, style, buffer (`reload` loads the file
 * before each edit, `keep` never again), count. Prints the comment of a box for each save that ticks it; a file that was
 * loaded before the board took the last tick says it again.
 */
import { Buffer } from 'node:buffer';
import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const [path = '', style = '', buffer = '', count = ''] = process.argv.slice(2);
const ticked = [];

async function load() {
  for (;;) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
      await delay(1);
    }
  }
}

const styles = {
  'in-place': (text) => writeFileSync(path, text),
  slow: async (text) => {
    const fd = openSync(path, 'a+');
    ftruncateSync(fd, 0);
    const bytes = Buffer.from(text);
    const pieces = 4;
    for (let i = 0; i < pieces; i += 1) {
      await delay(1);
      writeSync(fd, bytes.subarray((bytes.length * i) / pieces, (bytes.length * (i + 1)) / pieces));
    }
    closeSync(fd);
  },
  rename: (text) => {
    writeFileSync(`${path}.swp`, text);
    renameSync(`${path}.swp`, path);
  },
};

let text = await load();
for (let i = 1; i <= Number(count); i += 1) {
  if (buffer === 'reload') {
    text = await load();
    for (const [, comment] of text.matchAll(/- \[x\] Try again (<!-- .* -->)/g)) ticked.push(comment);
  }
  text += `${style} ${buffer} line ${i}\n`;
  text = text.replace('## Quick Status\n', (heading) => `${heading}${style} ${buffer} typed ${i}\n`);
  text = text.replace(/- \[ \] (Try again (<!-- .* -->))/, (_, rest, comment) => {
    ticked.push(comment);
    return `- [x] ${rest}`;
  });
  await styles[style](text);
  await delay((i * 7) % 40);
}
console.log(ticked.join('\n'));
