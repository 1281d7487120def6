/** @file What the columns of a start list mean, guessed from their names. Pure; any thread. */
import type { StartListField, StartListMapping } from '../../contracts/start-list-api.ts';
import { guessColumns, type ColumnNames } from '../table/guess-columns.ts';

/** Names in use. */
const NAMES: ColumnNames<StartListField> = {
  bib: [
    ...['bib', 'bibno', 'bibnumber', 'bibnr', 'racenumber', 'raceno', 'startnumber', 'startno', 'startnummer', 'startnr', 'stnr'],
    ...['dossard', 'dorsal', 'pettorale', 'rugnummer', 'ゼッケン', 'ゼッケン番号', 'ゼッケンno', 'ゼッケンナンバー', 'ナンバーカード'],
    ...[
      'ナンバーカード番号',
      'ナンバーカードno',
      'レースナンバー',
      'レースno',
      'ナンバー',
      'ビブ',
      'ビブナンバー',
      'number',
      'nr',
      'no',
      '番号',
      'numero',
    ],
  ],
  name: [
    ...[
      'name',
      'fullname',
      'runner',
      'runnername',
      'athlete',
      'athletename',
      'participant',
      'competitor',
      'entrant',
      'nombre',
      'nominativo',
    ],
    ...['氏名', '名前', '選手名', '選手氏名', 'ランナー名', '参加者名', '競技者名', 'お名前', 'ランナー', '選手'],
  ],
  familyName: [
    'lastname',
    'surname',
    'familyname',
    'nachname',
    'nom',
    'nomdefamille',
    'apellido',
    'apellidos',
    'cognome',
    '姓',
    '苗字',
    '名字',
    '氏',
  ],
  givenName: ['firstname', 'givenname', 'forename', 'vorname', 'prenom', 'prénom', 'nome', '名'],
  category: [
    ...['category', 'division', 'agegroup', 'class', 'event', 'distance', 'race', 'course', 'altersklasse', 'ak', 'catégorie', 'categorie'],
    ...['種目', '種目名', '部門', '部門名', 'カテゴリー', 'カテゴリ', '区分', '年代別', '年代', '距離', 'コース', 'クラス'],
  ],
  team: [
    ...[
      'team',
      'teamname',
      'club',
      'clubname',
      'affiliation',
      'organisation',
      'organization',
      'verein',
      'equipe',
      'équipe',
      'équipo',
      'squadra',
    ],
    ...['チーム', 'チーム名', '所属', '所属名', '所属団体', 'クラブ', 'クラブ名', '団体', '団体名', '登録団体', '学校', '会社'],
  ],
  wave: [
    'wave',
    'corral',
    'startblock',
    'startgroup',
    'block',
    'heat',
    'pen',
    'ウェーブ',
    'スタートブロック',
    'ブロック',
    'スタートグループ',
    '整列ブロック',
    'グループ',
    '組',
  ],
};

/** @param header names of the columns. */
export function guessStartListColumns(header: readonly string[]): StartListMapping {
  return guessColumns(header, NAMES);
}
