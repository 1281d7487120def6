/** @file Limit of the shell: everything that index.html itself loads, whatever the bundler called it. */
import { existsSync, readFileSync } from 'node:fs';

const page = 'dist/index.html';
const loaded = existsSync(page)
  ? [...readFileSync(page, 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, file]) => `dist/${file}`)
  : [];

export default [{ name: 'shell: page, JavaScript and CSS of the first screen', path: [page, ...loaded], limit: '200 kB', gzip: true }];
