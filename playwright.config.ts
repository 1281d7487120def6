/** @file End-to-end tests: the built app on the real server, in one Chromium, one test at a time. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

const PORT = Number(process.env['MEKIKI_E2E_PORT'] ?? 8797);
const SYSTEM_CHROMIUM = '/usr/bin/chromium';
const named = process.env['CHROMIUM_PATH'] ?? (existsSync(SYSTEM_CHROMIUM) ? SYSTEM_CHROMIUM : undefined);
// Workers of the test runner read this file again; all must mean one folder.
const data = (process.env['MEKIKI_E2E_DATA'] ??= mkdtempSync(join(tmpdir(), 'mekiki-e2e-')));

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.e2e.ts',
  workers: 1,
  fullyParallel: false,
  // A shared machine may stall a browser for a minute: once more there, and the run says "flaky".
  retries: process.env['CI'] === undefined ? 0 : 1,
  // Models run on two shared cores without a GPU.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: process.env['PLAYWRIGHT_JSON_OUTPUT_NAME'] === undefined ? [['list']] : [['list'], ['json']],
  outputDir: 'test-results',
  use: {
    baseURL: `http://localhost:${PORT}`,
    locale: 'en-GB',
    viewport: { width: 390, height: 844 },
    trace: 'retain-on-failure',
    launchOptions: {
      ...(named === undefined ? {} : { executablePath: named }),
      args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    },
  },
  webServer: {
    command: `node --import tsx server/main.ts --port ${PORT} --data ${data} --log-level warn`,
    url: `http://localhost:${PORT}/v1/health`,
    reuseExistingServer: false,
    timeout: 120_000,
  },
});
