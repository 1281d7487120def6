import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameFromPattern, safeName, splitName, TakenNames, NAME_WORDS, type NameWord } from '../../../src/core/race/file-names.ts';

const bytes = (text: string): number => new TextEncoder().encode(text).length;

it.each([
  ['../../etc/passwd', '_.._etc_passwd'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['a/b\\c:d*e?f"g<h>i|j', 'a_b_c_d_e_f_g_h_i_j'],
  ['  trailing dots. . .', 'trailing dots'],
  ['', 'file'],
  ['...', 'file'],
  ['走る🏃‍♀️', '走る🏃_♀️'],
  ['moc.exe\u202egpj', 'moc.exe_gpj'],
])('makes %j safe', (name, safe) => {
  expect(safeName(name)).toBe(safe);
});

it('keeps the ending of a name that is too long, and never half a character', () => {
  const name = safeName('🏃🏽'.repeat(300), '.JPG');
  expect(bytes(name)).toBeLessThanOrEqual(180);
  expect(name).toMatch(/^(🏃🏽)+\.JPG$/u);
  expect(bytes(safeName('x'.repeat(300)))).toBe(180);
  expect(safeName('start', '.lnk')).toBe('start.lnk_');
});

it('is safe for any name', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 120 }), fc.string({ maxLength: 8 }), (name, ending) => {
      const safe = safeName(name, `.${ending}`);
      expect(safe).not.toMatch(/[<>:"/\\|?*\p{Cc}]|^\.|[. ]$|^$/u);
      expect(safe).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      expect(bytes(safe)).toBeLessThanOrEqual(181);
    }),
    { numRuns: 30 },
  );
});

it('gives no name twice, whatever the case of its letters', () => {
  const names = new TakenNames();
  expect(['1/IMG_1.jpg', '1/img_1.JPG', '1/IMG_1.jpg', '2/IMG_1.jpg', '1/IMG_1 (2).jpg'].map((path) => names.take(path))).toEqual([
    ...['1/IMG_1.jpg', '1/img_1 (2).JPG', '1/IMG_1 (3).jpg', '2/IMG_1.jpg', '1/IMG_1 (2) (2).jpg'],
  ]);
  expect(names.take('noending')).toBe('noending');
  expect(names.take('noending')).toBe('noending (2)');
});

it('fills a pattern, and leaves no doubled separators for what is not known', () => {
  const words = { ...Object.fromEntries(NAME_WORDS.map((word) => [word, ''])), number: '12', original: 'IMG_1', event: 'a/b' } as Record<
    NameWord,
    string
  >;
  expect(nameFromPattern('{number}_{name}_{original}', words)).toBe('12_IMG_1');
  expect(nameFromPattern('{event}-{time}-{other}', words)).toBe('a-b-{other}');
  expect(splitName('a.b/.hidden')).toEqual({ stem: '.hidden', ending: '' });
});
