/** @file A visit's report, and words for its tables. */
import { bayReport } from '../../../src/core/shelf/bay-report.ts';
import type { TableWords } from '../../../src/core/shelf/visit-tables.ts';
import type { VisitReport } from '../../../src/contracts/visit-report.ts';
import { shelfReading } from '../../store/shelf-fixtures.ts';

const NAMES: Readonly<Record<string, string>> = { a: 'ポテトチップス, "うすしお"', b: '=HYPERLINK("http://evil.test")' };

export const WORDS: TableWords = {
  tables: { summary: 'Summary', facings: 'Facings', shares: 'Share', gaps: 'Gaps', fixes: 'Fix/list' },
  ...{
    shop: 'Shop',
    address: 'Address',
    who: 'Who',
    date: 'Date',
    bay: 'Bay',
    shelf: 'Shelf',
    position: 'Position',
    sku: 'SKU',
    name: 'Name',
  },
  ...{ brand: 'Brand', category: 'Category', ownLabel: 'Own label', columns: 'Columns', facings: 'Facings', eyeLevel: 'Height' },
  ...{ certainty: 'Certainty', probability: 'Probability', price: 'Price', listPrice: 'List price', by: 'By', share: 'Share' },
  ...{
    linearShare: 'Linear share',
    photos: 'Photos',
    products: 'Products',
    unknown: 'Unknown',
    notSure: 'Not sure',
    gaps: 'Gaps',
    rows: 'Rows',
  },
  ...{ compliance: 'Compliance', complianceAfter: 'After', seconds: 'Seconds', action: 'To do', expected: 'Expected', found: 'Found' },
  ...{ state: 'State', yes: 'yes', no: 'no' },
  eyeLevels: { stretch: 'stretch', eye: 'eye', touch: 'touch', stoop: 'stoop' },
  certainties: { sure: 'sure', likely: 'likely', 'not-sure': 'not sure' },
  shareKinds: { product: 'product', brand: 'brand', category: 'category', 'own-label': 'own label' },
  actions: { refill: 'refill', put: 'put', move: 'move', 'add-facings': 'add', 'remove-facings': 'remove', 'take-away': 'take away' },
  states: { open: 'open', done: 'done', dismissed: 'dismissed' },
  place: (shelf, position, facings) => `${shelf}/${position} × ${facings}`,
};

export function visitReport(): VisitReport {
  return {
    ...{ format: 'mekiki-visit-report', version: 1 },
    visit: { id: 'v1', shopId: 's1', who: '彩', startedAtMs: 1000, endedAtMs: null },
    shop: { id: 's1', name: '@Shop', address: '1-2-3\n東京' },
    bays: [
      bayReport({
        ...{ visitId: 'v1', shopId: 's1', bayId: 'b1', bayName: '棚 1', atMs: Date.UTC(2026, 10, 21, 9, 30), photos: 1 },
        readings: [shelfReading()],
        factsOf: (id) => ({
          name: NAMES[id] ?? id,
          brand: id === 'a' ? 'Acme' : null,
          category: 'snacks',
          listPrice: 188,
          isOwnLabel: id === 'b',
        }),
        ...{ compliance: null, complianceAfter: null, fixes: [], stopwatch: { captureAtMs: 1000, reportAtMs: 9400, photos: 1 }, nowMs: 1 },
      }),
    ],
    stopwatch: { captureAtMs: 1000, reportAtMs: 9400, photos: 1 },
  };
}
