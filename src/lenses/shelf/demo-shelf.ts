/** @file A drawn shelf to try the lens on: its photo, its planogram, in a shop of its own. Thread: page. */
import { z } from 'zod';
import { AppError } from '../../contracts/errors.ts';
import { localisedTextSchema } from '../../contracts/product.ts';
import { planogramRowSchema } from '../../contracts/shelf.ts';
import { readAppJson } from '../../models/app-files.ts';
import { m } from '../../paraglide/messages.js';
import { demoPhotos, takeDemoPhoto } from '../../state/demo.ts';
import { device } from '../../state/device.ts';
import { shelfShops } from '../../state/shelf/shelf-shops.svelte.ts';
import { ShelfVisits } from '../../state/shelf/shelf-visits.svelte.ts';
import { localText } from '../../ui/local-text.ts';
import { deskAddress } from './desk-path.ts';
import { addToBay } from './take-photos.ts';

const DEMO_ID = 'demo-shelf';
const fileSchema = z.object({ rows: z.array(planogramRowSchema) });
const namesSchema = z.array(z.object({ id: z.string(), name: localisedTextSchema }));

/** A new visit of the demo shop with its photo handed over. @returns its address. @throws AppError('offline' | 'quota-exceeded') */
export async function openDemoShelf(): Promise<string> {
  const photo = (await demoPhotos('shelf')).find(({ lens }) => lens === 'shelf');
  if (photo === undefined) throw new AppError('offline', 'this server has no demo shelf');
  const [media, file, products] = await Promise.all([
    takeDemoPhoto(photo),
    readAppJson('demo/planogram.json').then((json) => fileSchema.parse(json)),
    readAppJson('demo/catalogue.json').then((json) => namesSchema.parse(json)),
  ]);
  // Called as in the list of facings beside it.
  const names = new Map(products.map(({ id, name }) => [id, localText(name)]));
  const rows = file.rows.map((row) => ({ ...row, name: names.get(row.sku) ?? row.name }));
  const { shops, planograms } = device();
  const now = Date.now();
  if ((await shops.get(DEMO_ID)) === null)
    await shops.put({ id: DEMO_ID, name: m.shelf_demo_shop(), address: '', note: m.shelf_demo_note(), updatedAtMs: now });
  if ((await shops.bay(DEMO_ID)) === null)
    await shops.putBays([
      { id: DEMO_ID, shopId: DEMO_ID, name: m.shelf_bay_number({ number: 1 }), order: 0, heights: null, updatedAtMs: now },
    ]);
  const planogram = { id: DEMO_ID, name: m.shelf_demo_planogram(), rows, source: 'json' as const, updatedAtMs: now };
  await planograms.put({ id: DEMO_ID, shopId: DEMO_ID, bayId: DEMO_ID, planogram, updatedAtMs: now });
  await shelfShops.load();
  const visit = await new ShelfVisits().start(DEMO_ID, '');
  await addToBay(visit.id, DEMO_ID, [media], 'audit');
  return deskAddress({ page: 'bay', visitId: visit.id, bayId: DEMO_ID, tab: 'photo' });
}
