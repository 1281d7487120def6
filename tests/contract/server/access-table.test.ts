import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { accessTable } from '../../../server/services/keys/route-access.ts';

it('docs/server.md quotes the table that the server decides by', () => {
  const text = readFileSync(new URL('../../../docs/server.md', import.meta.url), 'utf8');
  const squeezed = (table: string) => table.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---');
  for (const row of squeezed(accessTable()).split('\n')) expect(squeezed(text)).toContain(row);
});
