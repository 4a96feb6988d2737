/**
 * Finds characters that no editor shows and an agent reads: Unicode tags, direction marks, zero-width characters,
 * variation selectors, control characters. Their neighbours tell those that scripts and emoji need:
 *
 *   joiners               beside a letter of a script that is written with them, or between two emoji
 *   variation selectors   U+FE0E and U+FE0F alone, behind an emoji or in a keycap
 *   tags                  in a flag: black flag, three to six tags, the tag that ends it
 */

/** An invisible character. */
export interface HiddenCharacter {
  /** Where it stands, in UTF-16 units from the text's beginning. */
  readonly offset: number;
  /** Such as `U+E0061`. */
  readonly name: string;
}

const joiner = String.raw`[\u200c\u200d]`;

/** Scripts whose letters take other shapes beside a joiner. */
const joiningScripts = [
  ...['Arab', 'Syrc', 'Nkoo', 'Mand', 'Mong', 'Phag', 'Adlm', 'Rohg', 'Sogd', 'Deva', 'Beng', 'Guru', 'Gujr', 'Orya'],
  ...['Taml', 'Telu', 'Knda', 'Mlym', 'Sinh', 'Khmr', 'Mymr', 'Tibt', 'Java', 'Bali', 'Newa', 'Gran', 'Tirh', 'Modi'],
];
const joiningLetter = `[${joiningScripts.map((script) => String.raw`\p{Script_Extensions=${script}}`).join('')}]`;

const emoji = String.raw`\p{Extended_Pictographic}`;

/** Characters that are not seen and have their place; what stands around them is looked at, and not taken. */
const ordinary = [
  String.raw`(?<=\u{1f3f4})[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}`,
  String.raw`(?<=[#*0-9])\ufe0f(?=\u20e3)`,
  String.raw`(?<=(?![#*0-9])\p{Emoji})[\ufe0e\ufe0f]`,
  String.raw`(?<=[${emoji}\p{Emoji_Modifier}\ufe0f])\u200d(?=${emoji})`,
  String.raw`(?<=${joiningLetter})${joiner}(?!${joiner})`,
  String.raw`(?<!${joiner})${joiner}(?=${joiningLetter})`,
  String.raw`(?<=\p{Script=Mongolian})[\u180b-\u180f]`,
];

/** Whatever Unicode says is not shown, and what controls a device or a line; line ends and tabs are no part of it. */
const hidden = String.raw`(?![\t\n\r])[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Zl}\p{Zp}\ufff9-\ufffb]`;

let built: RegExp | null = null;

/** Built at its first use, since that takes five milliseconds, and most commands look at no text. */
function ordinaryOrHidden(): RegExp {
  return (built ??= new RegExp(`${ordinary.join('|')}|(${hidden})`, 'gu'));
}

/** The invisible characters of a text, in its order. */
export function findHiddenCharacters(text: string): readonly HiddenCharacter[] {
  return [...text.matchAll(ordinaryOrHidden())].flatMap(({ index, 1: character }) =>
    character === undefined ? [] : [{ offset: index, name: nameCharacter(character) }],
  );
}

/** The text with each of them written out, as `⟨U+E0061⟩`. */
export function revealHiddenCharacters(text: string): string {
  return text.replace(ordinaryOrHidden(), (found, character?: string) =>
    character === undefined ? found : `⟨${nameCharacter(character)}⟩`,
  );
}

/** A character by its number, such as `U+0430`. */
export function nameCharacter(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
