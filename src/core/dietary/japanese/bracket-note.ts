/** @file What a part of an ingredient's bracket says: an ingredient of its own, or where it comes from. Pure. */
import { foldWord } from '../folded-text.ts';
import { hasWord, type LabelContext, type Region } from './label-context.ts';

const ORIGIN =
  /^(?:国産|国内.*|外国産|輸入品?|海外.*|原産.*|原料.*産.*|遺伝子組.*|分別生産.*|igp.*|[^、]{1,24}(?:製造|産|加工|育ち|工場|水揚げ|で漁獲|採取)(?:等|他|など)?|.*(?:又は|または|もしくは).*|\d[\d.~]*.*|約?\d+.*|.*\d%.*|.*(?:未満|以上|使用割合|年産|年度).*|計|固形分.*|順不同|50音順|輸入原料.*)$/;

/** `source`: `大豆由来`; `others`: `その他`; `place`: a country or prefecture, a note only where the bracket holds no ingredient. */
export type NoteKind = 'item' | 'origin' | 'place' | 'source' | 'others';

/** @param piece of a bracket, between two separators. */
export function noteKind(context: LabelContext, piece: Region): NoteKind {
  const inner = context.folded.text.slice(piece.from, piece.to);
  if (/^その他$|^ほか$|^他$/.test(inner)) return 'others';
  if (/^[^:(]*(?:由来|から製造)$/.test(inner)) return 'source';
  // `輸入又は国産(5%未満)`
  const withoutShares = inner.replace(/\([^()]*(?:%|未満|以上|割)[^()]*\)/g, '');
  if (isOrigin(withoutShares) && !/\(/.test(withoutShares)) return 'origin';
  if (!hasWord(context, piece) && isPlace(inner)) return 'place';
  return 'item';
}

/** @param inner folded text. */
export function isOrigin(inner: string): boolean {
  return ORIGIN.test(inner);
}

const PLACES = new Set(
  (
    'アメリカ 米国 カナダ オーストラリア 豪州 ニュージーランド 中国 韓国 台湾 タイ ベトナム インド インドネシア マレーシア フィリピン ブラジル メキシコ チリ ペルー ' +
    'アルゼンチン フランス イタリア スペイン ドイツ オランダ ベルギー デンマーク ノルウェー スウェーデン ロシア ウクライナ トルコ ギリシャ ガーナ エクアドル ' +
    '南アフリカ イギリス 英国 アイルランド ポーランド スリランカ ミャンマー エジプト モロッコ モーリタニア 日本 国産 北海道 沖縄県 東京都 大阪府 京都府'
  )
    .split(' ')
    .map((place) => foldWord(place, 'plain')),
);

function isPlace(inner: string): boolean {
  return PLACES.has(inner) || /^[^\s]{2,3}県$/.test(inner);
}
