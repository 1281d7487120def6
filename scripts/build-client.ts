/** @file `npm run build:client`: generates the client of the API anew. */
import { CLIENT_FOLDER, generateClient } from './api-client.ts';

await generateClient(CLIENT_FOLDER);
