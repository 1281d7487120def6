/** @file Hand a file to the user. Thread: page. */

/** Download `blob` under `name`, chosen place by the browser. */
export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the URL after the click returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
