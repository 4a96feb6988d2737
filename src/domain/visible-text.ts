/** Strips terminal escapes and invisible characters from untrusted text. */

const escape = String.fromCharCode(0x1b);
const bell = String.fromCharCode(0x07);

/** Colours, cursor moves, window titles (none of more than a line), character sets. */
const terminalCommands = new RegExp(
  [
    `(?:${escape}\\[|\u009b)[0-?]*[ -/]*[@-~]`,
    `(?:${escape}\\]|\u009d)[^${bell}${escape}\\r\\n]*(?:${bell}|${escape}\\\\)?`,
    `${escape}[ -/]*[0-~]`,
  ].join('|'),
  'g',
);

/**
 * Control and invisible characters, among them direction marks. Characters that join emoji and letters, and emoji
 * variation selectors, may stay.
 */
const hidden = /\ufeff|(?!\u200c|\u200d|\ufe0e|\ufe0f|\s)[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The text without terminal escapes and invisible characters; line breaks, tabs and the like stay. */
export function stripHidden(text: string): string {
  return text.replace(terminalCommands, '').replace(hidden, '');
}

/** The same on one line: a space for line breaks and for white space of other kinds. */
export function toVisibleLine(text: string): string {
  return stripHidden(text).replace(/[^\S ]+/g, ' ');
}

/** A word that begins further back from a cut than this is cut in two, as is text that is written without spaces. */
const maxWordChars = 20;
const cutWord = new RegExp(`\\s+[^\\s${escape}]{0,${String(maxWordChars)}}…(?=(?:${escape}\\[[\\d;]*m)*$)`);

/** What a text was cut to, with an ellipsis at its end, cut back to the space before its last word where that is near. Colours stay. */
export function endAtWord(cut: string, text: string): string {
  return cut === text ? text : cut.replace(cutWord, '…');
}
