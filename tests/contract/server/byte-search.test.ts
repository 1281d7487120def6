import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { searchBytes } from '../../../server/services/records/byte-search.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

afterAll(removeFolders);
const needle = Buffer.from('0123456789abcdefghijklmn');

describe('a search for bytes', () => {
  it('sees a needle at the edges of files and across reads, in folders below', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'below'));
    const places = [0, (1 << 20) - 24, (1 << 20) - 23, (1 << 20) - 1, 1 << 20, (1 << 21) - 12, 2_500_000];
    for (const [index, place] of places.entries()) {
      const bytes = Buffer.alloc(place + needle.length, 7);
      needle.copy(bytes, place);
      writeFileSync(join(folder, 'below', `${index}`), bytes);
    }
    writeFileSync(join(folder, 'near'), needle.subarray(0, 23));
    const { files, bytes, found } = await searchBytes(folder, [Buffer.from('not in any of them'), needle]);
    expect(files).toBe(places.length + 1);
    expect(bytes).toBe(places.reduce((sum, place) => sum + place + needle.length, 23));
    expect(found.toSorted()).toEqual(places.map((_, index) => join(folder, 'below', `${index}`)));
  });

  it('does not find across two files', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a'), needle.subarray(0, 12));
    writeFileSync(join(folder, 'b'), needle.subarray(12));
    expect((await searchBytes(folder, [needle])).found).toEqual([]);
  });
});
