import { utils, write } from '@e965/xlsx';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/contracts/errors.ts';
import { ANY_BIB } from '../../../../src/contracts/race.ts';
import type { ListedEntrant, StartListInput } from '../../../../src/contracts/start-list-api.ts';
import { fitsFormat, isBib, normaliseBib, proposeFormat } from '../../../../src/core/race/bib-format.ts';
import { createStartLists } from '../../../../workers/stages/start-lists.ts';
import { readWorkbook } from '../../../../workers/runtime/read-workbook.ts';
import { clearScores, scoresOf } from './draw-scores.ts';

function stand() {
  const kept = new Map<string, readonly ListedEntrant[]>();
  const asked: (readonly string[])[] = [];
  const lists = createStartLists(
    {
      replace: (eventId, entrants) => {
        kept.set(eventId, entrants);
        return Promise.resolve();
      },
      bibs: (eventIds) => {
        asked.push(eventIds);
        return Promise.resolve(eventIds.flatMap((id) => (kept.get(id) ?? []).map(({ bib }) => bib)));
      },
    },
    readWorkbook,
  );
  let token = 0;
  const input = (bytes: BlobPart, rest: Partial<StartListInput> = {}): StartListInput => ({
    ...{ file: new Blob([bytes]), token: String(++token), format: null },
    ...rest,
  });
  return {
    lists,
    kept,
    asked,
    input,
    check: (bytes: BlobPart, rest?: Partial<StartListInput>) => lists.check(input(bytes, rest), { taskId: 'x' }),
  };
}

/** ゼッケン,氏名,種目 / 12,山田 太郎,マラソン in Shift-JIS. */
const SHIFT_JIS = Uint8Array.from(
  '83 5b 83 62 83 50 83 93 2c 8e 81 96 bc 2c 8e ed 96 da 0d 0a 31 32 2c 8e 52 93 63 20 91 be 98 59 2c 83 7d 83 89 83 5c 83 93 0d 0a'
    .split(' ')
    .map((hex) => Number.parseInt(hex, 16)),
);

describe('numbers', () => {
  it('are written in one way, however a list writes them', () => {
    const same = ['１２３', ' 123 ', '#123', 'No. 123', 'No.123', 'NO 123', '№123', '123番', '123.0', "'123", 'Bib 123'];
    expect(same.map(normaliseBib)).toEqual(same.map(() => '123'));
    expect(['a 12', 'Ｆ７', 'a‐12', '1,012', '007', 'NOVA1'].map(normaliseBib)).toEqual(['A12', 'F7', 'A-12', '1012', '007', 'NOVA1']);
    expect(['12', 'A-1', 'あ1', '', '-', '1/2', '1.5', '12345678901234567'].map(isBib)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('say what they have in common, without the mistakes', () => {
    const digits = Array.from({ length: 3000 }, (_, i) => String(i + 1001));
    expect(proposeFormat([...digits, '12345678', 'X9'])).toMatchObject({ prefixes: [], minDigits: 4, maxDigits: 4 });
    expect(proposeFormat(Array.from({ length: 1200 }, (_, i) => String(i + 1)))).toMatchObject({ minDigits: 1, maxDigits: 4 });
    expect(proposeFormat(['F1', 'F2', 'M1', 'M2', 'M3', '7'])).toMatchObject({ prefixes: ['M', 'F'], minDigits: 1, maxDigits: 1 });
    expect(proposeFormat([])).toMatchObject({ minDigits: 1, maxDigits: 5 });
    const format = proposeFormat(['F10', 'F11']);
    expect(['F12', '12', 'F1', 'M12', 'F12A'].map((bib) => fitsFormat(bib, format))).toEqual([true, true, false, false, false]);
  });
});

describe('a start list', () => {
  it('is understood in English, with faults named by line', async () => {
    const { check, lists, kept, input } = stand();
    const text = [
      'City Marathon 2026;;;',
      'Bib No.;Last name;First name;Club;Age group;Wave',
      '101;Sato;Aya;Harbour;W40;A',
      ';Nobody;Nora;;;',
      '102;Berg;Bo;;M30;B',
      '',
      '101;Twin;Tim;;M20;A',
      '102;Berg;Bo;;M30;B',
      '1/2;Odd;Olga;;;',
      '99999999;Long;Lee;;;',
      '103;Last;Lou;;;',
    ].join('\r\n');
    const found = await check(text);
    expect(found.mapping).toEqual({ bib: 0, familyName: 1, givenName: 2, team: 3, category: 4, wave: 5 });
    expect(found.preview[0]).toEqual({ bib: '101', name: 'Sato Aya', category: 'W40', team: 'Harbour', wave: 'A' });
    expect(found.entrants).toBe(5);
    expect(found.problems.map(({ code, line, value }) => [line, code, value])).toEqual([
      [4, 'missing-bib', 'Nobody Nora'],
      [6, 'empty-line', ''],
      [7, 'duplicate-bib', '101'],
      [8, 'repeated-row', '102'],
      [9, 'bad-bib', '1/2'],
    ]);
    expect(found.problemCounts).toEqual({ file: 0, row: 3, note: 2 });
    expect(await check(text, { format: { prefixes: [], minDigits: 3, maxDigits: 3, waveColours: [] } })).toMatchObject({
      problemCounts: { note: 3 },
    });
    expect(await lists.save(input(text), 'e1', { taskId: 'y' })).toBe(5);
    expect(
      kept
        .get('e1')!
        .filter(({ bib }) => bib === '101')
        .map(({ name }) => name),
    ).toEqual(['Sato Aya', 'Twin Tim']);
  });

  it('is understood in Japanese, in Shift-JIS and in UTF-8 with a mark', async () => {
    const { check } = stand();
    const found = await check(SHIFT_JIS);
    expect(found).toMatchObject({ encoding: 'shift_jis', entrants: 1, preview: [{ bib: '12', name: '山田 太郎', category: 'マラソン' }] });
    const marked = await check('\uFEFFナンバーカード,氏名,所属,ブロック\n００１,ヤマダ,会社,Ａ\n');
    expect(marked).toMatchObject({ encoding: 'utf-8', preview: [{ bib: '001', name: 'ヤマダ', team: '会社', wave: 'Ａ' }] });
    // Told wrongly, it is wrong: the user sees it at once.
    expect((await check(SHIFT_JIS, { encoding: 'utf-8' })).problems[0]).toMatchObject({ code: 'not-text', severity: 'file' });
    const latin = Uint8Array.from('Dossard;Nom;Pr\u00e9nom\n7;Zo\u00eb;X\n', (letter) => letter.charCodeAt(0));
    expect(await check(latin)).toMatchObject({ encoding: 'windows-1252', preview: [{ bib: '7', name: 'Zoë X' }] });
  });

  it('comes out of a workbook as it is shown there, from the sheet that holds the runners', async () => {
    const { check } = stand();
    const runners = utils.aoa_to_sheet([
      ['大会 参加者'],
      ['ゼッケン番号', '氏名', '種目'],
      [12, '山田 太郎', 'マラソン'],
      [],
      [13, '佐藤 花子', '10km'],
    ]);
    runners['A3'] = { t: 'n', v: 12, z: '00000' };
    const book = {
      SheetNames: ['notes', 'list'],
      Sheets: {
        notes: utils.aoa_to_sheet([
          ['a', 'b'],
          ['c', 'd'],
        ]),
        list: runners,
      },
    };
    for (const bookType of ['xlsx', 'biff8', 'ods'] as const) {
      const found = await check(new Uint8Array(write(book, { type: 'array', bookType }) as ArrayBuffer));
      expect([bookType, found.sheets, found.sheet]).toEqual([bookType, ['notes', 'list'], 'list']);
      // What writes OpenDocument here leaves formats out.
      expect([bookType, ...found.preview.map(({ bib }) => bib)]).toEqual([bookType, bookType === 'ods' ? '12' : '00012', '13']);
      expect(found.problems.map(({ line, code }) => [line, code])).toContainEqual([4, 'empty-line']);
    }
    expect((await check(Uint8Array.from([0x50, 0x4b, 3, 4, 9, 9]))).problems).toMatchObject([{ code: 'not-a-table', severity: 'file' }]);
  });

  it('without a column of numbers, or without rows, says so', async () => {
    const { check, lists, input } = stand();
    expect((await check('name,team\nAya,X\n')).problems).toMatchObject([{ code: 'missing-column', field: 'bib' }]);
    expect((await check('bib,name\n')).problems).toMatchObject([{ code: 'no-rows' }]);
    expect(await check('name,code\nAya,7\n', { mapping: { bib: 1, name: 0 } })).toMatchObject({
      entrants: 1,
      preview: [{ bib: '7', name: 'Aya' }],
    });
    await expect(lists.save(input('bib,name\n'), 'e1', { taskId: 'z' })).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('of 50,000 is read whole, and what is wrong in it is counted', async () => {
    const { check } = stand();
    const lines = Array.from({ length: 50_000 }, (_, i) => `${i % 1000 === 999 ? '' : i + 1},Runner ${i},Team ${i % 50}`);
    const found = await check(`bib,name,team\n${lines.join('\n')}\n`);
    expect(found).toMatchObject({ entrants: 49_950, problemCounts: { row: 50 }, proposed: { minDigits: 1, maxDigits: 5 } });
    expect(found.preview).toHaveLength(8);
  });
});

describe('numbers of a photo', () => {
  const source = (version: string, ...eventIds: string[]) => ({ version, format: ANY_BIB, eventIds });
  const listed = (bib: string): ListedEntrant => ({ bib, name: '', category: '', team: '', wave: '' });
  const task = { taskId: 'x' };

  it('go by the start lists of the race and its parts, which are read once a version', async () => {
    const { lists, kept, asked } = stand();
    const seen = scoresOf(['4', { 3: 0.55, 8: 0.45 }, '1']);
    expect((await lists.decode(source('1', 'race', 'part'), [seen, null], task)).map(({ bib }) => bib)).toEqual(['431', null]);
    kept.set('part', [listed('481'), listed('999')]);
    expect((await lists.decode(source('1', 'race', 'part'), [seen], task))[0]!.bib).toBe('431');
    expect((await lists.decode(source('2', 'race', 'part'), [seen], task))[0]!.bib).toBe('481');
    expect(asked).toEqual([
      ['race', 'part'],
      ['race', 'part'],
    ]);
  });

  it('are asked for again when the lists could not be read', async () => {
    let isBroken = true;
    const lists = createStartLists(
      {
        replace: () => Promise.resolve(),
        bibs: () => (isBroken ? Promise.reject(new AppError('busy', 'not now')) : Promise.resolve(['12'])),
      },
      readWorkbook,
    );
    await expect(lists.decode(source('1', 'race'), [clearScores('12')], task)).rejects.toMatchObject({ code: 'busy' });
    isBroken = false;
    expect((await lists.decode(source('1', 'race'), [clearScores('12')], task))[0]).toMatchObject({ bib: '12', certainty: 'sure' });
  });
});
