/** @file A visit's report as tables, for CSV and spreadsheets. Rows and positions count from 1 there, as people do. Pure; any thread. */
import type { BayReport, ReportFix, ReportShare, VisitReport } from '../../contracts/visit-report.ts';
import type { Cell, Table } from '../table.ts';

/** What the tables say, in the language of the screen. */
export interface TableWords {
  readonly tables: {
    readonly summary: string;
    readonly facings: string;
    readonly shares: string;
    readonly gaps: string;
    readonly fixes: string;
  };
  readonly shop: string;
  readonly address: string;
  readonly who: string;
  readonly date: string;
  readonly bay: string;
  readonly shelf: string;
  readonly position: string;
  readonly sku: string;
  readonly name: string;
  readonly brand: string;
  readonly category: string;
  readonly ownLabel: string;
  readonly columns: string;
  readonly facings: string;
  readonly eyeLevel: string;
  readonly certainty: string;
  readonly probability: string;
  readonly price: string;
  readonly listPrice: string;
  readonly by: string;
  readonly share: string;
  readonly linearShare: string;
  readonly photos: string;
  readonly products: string;
  readonly unknown: string;
  readonly notSure: string;
  readonly gaps: string;
  readonly rows: string;
  readonly compliance: string;
  readonly complianceAfter: string;
  readonly seconds: string;
  readonly action: string;
  readonly expected: string;
  readonly found: string;
  readonly state: string;
  readonly yes: string;
  readonly no: string;
  readonly eyeLevels: Readonly<Record<'stretch' | 'eye' | 'touch' | 'stoop', string>>;
  readonly certainties: Readonly<Record<'sure' | 'likely' | 'not-sure', string>>;
  readonly shareKinds: Readonly<Record<ReportShare['by'], string>>;
  readonly actions: Readonly<Record<ReportFix['action'], string>>;
  readonly states: Readonly<Record<ReportFix['state'], string>>;
  /** Where something stands, e.g. `shelf 2, position 5, 3 facings`. */
  readonly place: (shelf: number, position: number, facings: number) => string;
}

/** One line per block of a product: the table that analysts want. */
export function facingsTable(report: VisitReport, words: TableWords): Table {
  const { shop, visit } = report;
  return {
    title: words.tables.facings,
    columns: [
      ...[words.shop, words.address, words.date, words.who, words.bay, words.shelf, words.position, words.columns, words.facings],
      ...[words.sku, words.name, words.brand, words.category, words.ownLabel, words.eyeLevel, words.certainty, words.probability],
      ...[words.price, words.listPrice],
    ],
    rows: report.bays.flatMap((bay) =>
      bay.blocks.map((block) => [
        ...[shop.name, shop.address, new Date(bay.atMs), visit.who, bay.bayName],
        ...[block.row + 1, block.position + 1, block.columns, block.facings, block.sku, block.name, block.brand, block.category],
        ...[yesNo(block.isOwnLabel, words), words.eyeLevels[block.eyeLevel], words.certainties[block.certainty]],
        ...[rounded(block.probability01), block.price, block.listPrice],
      ]),
    ),
  };
}

/** All tables of a workbook. */
export function visitTables(report: VisitReport, words: TableWords): readonly Table[] {
  return [
    table(report, words.tables.summary, summaryColumns(words), (bay) => [summaryRow(bay)]),
    facingsTable(report, words),
    table(report, words.tables.shares, [words.bay, words.by, words.name, words.facings, words.share, words.linearShare], (bay) =>
      bay.shares.map(({ by, name, key, facings, share01, linearShare01 }) => [
        ...[bay.bayName, words.shareKinds[by], shareName(by, key, name, words), facings, rounded(share01), rounded(linearShare01)],
      ]),
    ),
    table(report, words.tables.gaps, [words.bay, words.shelf, words.position, words.sku, words.name, words.probability], (bay) =>
      bay.gapPlaces.map(({ row, position, sku, name, confidence01 }) => [
        ...[bay.bayName, row + 1, position + 1, sku, name, rounded(confidence01)],
      ]),
    ),
    table(
      report,
      words.tables.fixes,
      [words.bay, words.action, words.sku, words.name, words.expected, words.found, words.probability, words.state],
      (bay) =>
        bay.fixes.map(({ action, sku, name, expected, found, confidence01, state }) => [
          ...[bay.bayName, words.actions[action], sku, name, place(expected, words), place(found, words), rounded(confidence01)],
          words.states[state],
        ]),
    ),
  ];
}

/** What a share is called where it has no name of its own. */
export function shareName(by: ReportShare['by'], key: string, name: string, words: Pick<TableWords, 'unknown' | 'yes' | 'no'>): string {
  if (key === '') return words.unknown;
  if (by === 'own-label') return key === 'own' ? words.yes : words.no;
  return name === '' ? key : name;
}

function table(
  report: VisitReport,
  title: string,
  columns: readonly string[],
  rowsOf: (bay: BayReport) => readonly (readonly Cell[])[],
): Table {
  return { title, columns, rows: report.bays.flatMap(rowsOf) };
}

function summaryColumns(words: TableWords): readonly string[] {
  return [
    ...[words.bay, words.date, words.photos, words.facings, words.products, words.unknown, words.notSure, words.gaps, words.rows],
    ...[words.compliance, words.complianceAfter, words.seconds],
  ];
}

function summaryRow({ stopwatch, compliance, complianceAfter, ...bay }: BayReport): readonly Cell[] {
  const durationMs = stopwatch?.reportAtMs == null ? null : stopwatch.reportAtMs - stopwatch.captureAtMs;
  return [
    ...[bay.bayName, new Date(bay.atMs), bay.photos, bay.facings, bay.products, bay.unknown, bay.notSure, bay.gaps, bay.rows],
    ...[compliance, complianceAfter].map((each) => (each === null ? null : rounded(each.score01))),
    durationMs === null ? null : Math.round(durationMs / 100) / 10,
  ];
}

function place(at: ReportFix['expected'], words: TableWords): string | null {
  return at === null ? null : words.place(at.row + 1, at.position + 1, at.facings);
}

function yesNo(value: boolean | null, words: TableWords): string | null {
  if (value === null) return null;
  return value ? words.yes : words.no;
}

/** Three decimals: more would pretend. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
