/** Path of a Chromium executable, or null when Playwright's own is installed. */
export function findChromium(): string | null;
