import { describe, expect, it } from 'vitest';
import { columnsOf, printable, shortName } from '../label/index.js';
import { table } from './format.js';

describe('printable', () => {
  it('spells out what would move the cursor, colour or turn text, and leaves all other names alone', () => {
    expect(printable('a\x1b[31mb\nc\td\x7f\x85')).toBe('a\\x1b[31mb\\nc\\td\\x7f\\x85');
    expect(printable('gpj\u202e.exe\u2028\ufeff')).toBe('gpj\\u{202e}.exe\\u{2028}\\u{feff}');
    for (const name of ['café', '日本語', '👩‍👩‍👧', 'नहीं', 'می‌خواهم', 'a b-c_d(1)[2].png'])
      expect(printable(name)).toBe(name);
  });
});

describe('columns of a terminal', () => {
  it('are two for wide characters and none for marks', () => {
    expect(['abc', '日本', '🐝', 'cafe\u0301', 'Ａ'].map(columnsOf)).toEqual([3, 4, 2, 4, 2]);
  });

  it('line a table up', () => {
    const lines = table(
      [
        ['class', 'n'],
        ['日本語', '1'],
        ['é'.normalize('NFD'), '22'],
      ],
      { right: [1] },
    ).split('\n');
    expect(lines.map(columnsOf)).toEqual([10, 10, 10]);
  });

  it('cut a name that is too long', () => {
    expect(shortName('a'.repeat(40))).toBe(`${'a'.repeat(31)}…`);
    expect(columnsOf(shortName('日'.repeat(40)))).toBe(31);
    expect(shortName('a'.repeat(32))).toBe('a'.repeat(32));
  });
});
