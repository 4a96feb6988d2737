import { describe, expect, it } from 'vitest';
import { findHiddenCharacters, revealHiddenCharacters } from '../../src/domain/hidden-characters.ts';
import { stripHidden } from '../../src/domain/visible-text.ts';

const tags = (text: string) => text.replace(/./g, (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)));

describe('characters that nobody sees', () => {
  it.each([
    ['letters of Unicode tags', tags('ignore'), 6],
    ['a tag of language', '\u{e0001}', 1],
    ['tags behind an emoji that is no flag', `😀${tags('run')}\u{e007f}`, 4],
    ['more tags behind a black flag than the name of a place has', `🏴${tags('deletes')}\u{e007f}`, 8],
    ['a black flag’s tags without their end', `🏴${tags('gbeng')}`, 5],
    ['marks that turn the direction', 'a\u202eb\u202c\u2066c\u2069\u200e\u200f\u061c', 7],
    ['what has no width', 'a\u200bb\u2060c\ufeffd', 3],
    ['joiners between Latin letters', 'a\u200db\u200cc', 2],
    ['joiners in a row, also between letters that are written with one', 'می\u200c\u200cخواهم', 2],
    ['a joiner behind an emoji that joins nothing', '😀\u200d a', 1],
    ['variation selectors behind a letter', 'a\ufe0fb\ufe00', 2],
    ['more than one of them behind an emoji', '😀\ufe0f\ufe0f\ufe01', 2],
    ['the supplementary ones', '😀\u{e0100}\u{e01ef}', 2],
    ['one behind a digit that is no keycap', '1\ufe0f2', 1],
    ['soft hyphens', 'ver\u00adify', 1],
    ['fillers of Hangul', 'a\u3164b\u115f', 2],
    ['control characters', 'a\u007fb\u0085c\u009b', 3],
    ['separators of lines and paragraphs', 'a\u2028b\u2029', 2],
    ['invisible operators and joiners of graphemes', 'f\u2061x\u034f', 2],
    ['characters that Unicode keeps for such', 'a\u{e0fff}\ufff0\ufffa', 3],
  ])('are found: %s', (_, text, count) => {
    expect(findHiddenCharacters(text)).toHaveLength(count);
  });

  it.each([
    ['a family', '👨‍👩‍👧‍👦'],
    ['a heart on fire, with and without its selector', '❤️‍🔥 ❤‍🔥'],
    ['skin tones', '👍🏽 👩🏿‍🚀 🧑🏻‍🤝‍🧑🏾'],
    ['a rainbow flag and pirates', '🏳️‍🌈 🏴‍☠️'],
    ['flags of countries', '🇩🇪 🇮🇷'],
    ['flags of England and Texas', `🏴${tags('gbeng')}\u{e007f} 🏴${tags('ustx')}\u{e007f}`],
    ['keycaps', '1️⃣ #️⃣'],
    ['an emoji as text', '☎︎ ✔︎'],
    ['Persian', 'می\u200cخواهم نامه\u200cهای PDF\u200cها'],
    ['Hindi', 'क्\u200dष क्\u200cष'],
    ['Sinhala and Malayalam', 'ශ්\u200dරී ന്\u200d'],
    ['Mongolian', 'ᠠ\u180bᠨ\u180e'],
    ['Hebrew, Chinese, Thai, Vietnamese', 'שָׁלוֹם 你好 สวัสดี tiếng Việt'],
    ['lines, tabs, no-break spaces', 'a\tb\r\nc\u00a0d\u202fe'],
  ])('are not what is written with its neighbours: %s', (_, text) => {
    expect(findHiddenCharacters(text)).toEqual([]);
    expect(revealHiddenCharacters(text)).toBe(text);
  });

  it('have a place and a name, and can be written out', () => {
    const text = `a${tags('a')}\n\u200b😀`;
    expect(findHiddenCharacters(text)).toEqual([
      { offset: 1, name: 'U+E0061' },
      { offset: 4, name: 'U+200B' },
    ]);
    expect(revealHiddenCharacters(text)).toBe('a⟨U+E0061⟩\n⟨U+200B⟩😀');
  });
});

it('what is not seen is taken out of a text that is shown, and emoji and letters stay joined', () => {
  expect(stripHidden(`a${tags('b')}\u3164\u034f\ufeff\u00adb`)).toBe('ab');
  expect(stripHidden('👨‍👩‍👧 ❤️ می\u200cخواهم')).toBe('👨‍👩‍👧 ❤️ می\u200cخواهم');
});
