/** Serves the tools of one run to its agent: `run-server-main FOLDER MILLISECONDS`; see `run-server`. */
import { createInterface } from 'node:readline';
import { serveLine } from './run-server.ts';

const [notes = '', wait = ''] = process.argv.slice(2);
const send = (line: string) => void process.stdout.write(`${line}\n`);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void serveLine({ notes, answerWaitMs: Number(wait), send }, line));
// The agent is gone: a question that waits has nobody to be answered to.
lines.once('close', () => process.exit());
process.stdout.on('error', () => process.exit());
