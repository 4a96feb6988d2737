/** Reads what the user says on a command line. */
import { buffer } from 'node:stream/consumers';

/** The words as one text; what standard input holds where they are `-` alone. */
export async function readWords(words: readonly string[]): Promise<string> {
  return words.length === 1 && words[0] === '-' ? (await buffer(process.stdin)).toString() : words.join(' ');
}
