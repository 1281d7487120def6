import { afterAll, expect, it } from 'vitest';
import { CLIENT_FOLDER, generateClient, textsIn } from '../../../scripts/api-client.ts';
import { removeFolders, temporaryFolder } from './test-server.ts';

afterAll(removeFolders);

it('the generated client is that of this server; if not: npm run build:client', async () => {
  const folder = temporaryFolder();
  await generateClient(folder);
  expect(textsIn(CLIENT_FOLDER)).toEqual(textsIn(folder));
});
