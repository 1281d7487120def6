/** @file What the columns of a planogram file mean, guessed from their names. Pure; any thread. */
import { PLANOGRAM_FIELDS, type PlanogramField } from './planogram-problem.ts';

/** Index of the column per field; fields that no column holds are absent. */
export type ColumnMapping = Readonly<Partial<Record<PlanogramField, number>>>;

/** Names in use, folded as {@link foldName} does; best first. */
const NAMES: Readonly<Record<PlanogramField, readonly string[]>> = {
  store: ['store', 'storename', 'storeid', 'storecode', 'shop', 'shopname', 'outlet', 'site', '店舗', '店舗名', '店舗コード', '店名', '店'],
  bay: [
    'bay',
    'bayid',
    'bayname',
    'gondola',
    'gondolaid',
    'fixture',
    'fixtureid',
    'module',
    'section',
    'rack',
    'aisle',
    'planogram',
    'planogramid',
    'ゴンドラ',
    'ゴンドラno',
    '什器',
    '什器no',
    '什器名',
    '棚割',
    '棚割名',
    '棚番号',
    '本目',
    '台番',
    '台',
  ],
  shelf: [
    'shelf',
    'shelfno',
    'shelfnumber',
    'shelfid',
    'shelflevel',
    'level',
    'row',
    'rowno',
    'tier',
    'tray',
    '段',
    '段番号',
    '段no',
    '段数',
    '棚段',
    '棚段番号',
    '棚',
    '棚no',
  ],
  position: [
    'position',
    'pos',
    'positionno',
    'positionid',
    'column',
    'col',
    'slot',
    'sequence',
    'seq',
    'location',
    'locationid',
    'firstposition',
    'order',
    'ポジション',
    '位置',
    '順番',
    '並び順',
    '列',
    '列番号',
    '並び',
    '順',
    'no',
  ],
  sku: [
    'sku',
    'skuid',
    'skucode',
    'gtin',
    'ean',
    'ean13',
    'jan',
    'jancode',
    'upc',
    'barcode',
    'itemcode',
    'itemid',
    'productid',
    'productcode',
    'articleno',
    'article',
    'articlenumber',
    'item',
    'plu',
    'label',
    'janコード',
    '商品コード',
    '商品cd',
    '品番',
    'バーコード',
    'アイテムコード',
    '単品コード',
  ],
  name: [
    'name',
    'productname',
    'itemname',
    'product',
    'description',
    'itemdescription',
    'title',
    '商品名',
    '商品名称',
    '品名',
    '名称',
    'アイテム名',
    '単品名',
  ],
  facingsWide: [
    'facingswide',
    'facings',
    'facing',
    'hfacings',
    'horizontalfacings',
    'facingshorizontal',
    'facingcount',
    'numberoffacings',
    'wide',
    'facew',
    'フェイス',
    'フェイス数',
    'フェース',
    'フェース数',
    '陳列フェイス数',
    '横フェイス',
    '横フェース',
    '横フェイス数',
    'フェイシング',
    'facing数',
    '列数',
  ],
  facingsHigh: [
    'facingshigh',
    'vfacings',
    'verticalfacings',
    'facingsvertical',
    'high',
    'stack',
    'stacking',
    'layers',
    '積上',
    '積上数',
    '積上げ',
    '積み上げ',
    '積み上げ数',
    '縦フェイス',
    '縦フェース',
    '縦フェイス数',
    '積段',
    '積数',
  ],
  xCm: ['xcm', 'x', 'xmm', 'positionx', 'xposition', 'left', 'x座標', '左端', '横位置'],
  yCm: ['ycm', 'y', 'ymm', 'positiony', 'yposition', 'shelfheight', 'y座標', '棚高さ', '縦位置', '高さ位置'],
  widthCm: ['widthcm', 'width', 'widthmm', 'productwidth', 'w', '幅', '横幅', '商品幅', '幅cm', '幅mm'],
  heightCm: ['heightcm', 'height', 'heightmm', 'productheight', 'h', '高さ', '商品高さ', '高', '高さcm', '高さmm'],
  brand: [
    'brand',
    'brandname',
    'manufacturer',
    'maker',
    'vendor',
    'supplier',
    'ブランド',
    'ブランド名',
    'メーカー',
    'メーカー名',
    '製造者',
  ],
  category: [
    'category',
    'categoryname',
    'department',
    'class',
    'segment',
    'group',
    'カテゴリ',
    'カテゴリー',
    '分類',
    '分類名',
    '部門',
    '部門名',
    '中分類',
    '小分類',
    '大分類',
    'クラス',
  ],
  price: [
    'price',
    'listprice',
    'retailprice',
    'unitprice',
    'sellingprice',
    'rrp',
    '売価',
    '価格',
    '標準売価',
    '定価',
    '販売価格',
    '税込価格',
    '本体価格',
    '単価',
  ],
  isOwnLabel: [
    'ownlabel',
    'isownlabel',
    'privatelabel',
    'isprivatelabel',
    'ownbrand',
    'pb',
    'pbflag',
    'pb区分',
    'プライベートブランド',
    '自社ブランド',
    'pb/nb',
  ],
};

/**
 * @param header names of the columns.
 * @returns each column for one field at most; whole names before parts of names.
 */
export function guessColumns(header: readonly string[]): ColumnMapping {
  const folded = header.map(foldName);
  const guesses: { field: PlanogramField; column: number; score: number }[] = [];
  for (const field of PLANOGRAM_FIELDS)
    folded.forEach((name, column) => {
      const score = scoreOf(name, NAMES[field]);
      if (score > 0) guesses.push({ field, column, score });
    });
  const mapping: Partial<Record<PlanogramField, number>> = {};
  const taken = new Set<number>();
  for (const { field, column } of guesses.sort((a, b) => b.score - a.score || a.column - b.column)) {
    if (mapping[field] !== undefined || taken.has(column)) continue;
    mapping[field] = column;
    taken.add(column);
  }
  return mapping;
}

/** Whole name: 100 less its rank; part of it: the share that is understood. */
function scoreOf(name: string, names: readonly string[]): number {
  if (name === '') return 0;
  const rank = names.indexOf(name);
  if (rank >= 0) return 100 - rank;
  const part = names.filter((known) => known.length >= (/^\p{ASCII}*$/u.test(known) ? 4 : 2) && name.includes(known));
  const longest = Math.max(0, ...part.map((known) => known.length));
  return longest === 0 ? 0 : (30 * longest) / name.length;
}

/** Lower case, half width, without spaces, marks, counters and brackets: `Facings (wide)` and `facings_wide` are one. */
function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_\-.:()[\]「」【】#*"']/gu, '');
}
