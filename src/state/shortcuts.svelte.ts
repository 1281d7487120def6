/** @file Keys that do something on the screen at hand, and the sheet that lists them. Thread: page. */
import { untrack } from 'svelte';

export interface Shortcut {
  /** As `KeyboardEvent.key`; letters in lower case. */
  readonly key: string;
  /** What it does, in the user's words; asked each time the sheet opens. */
  readonly label: () => string;
  readonly run: () => void;
}

class Shortcuts {
  #groups = $state.raw<readonly (readonly Shortcut[])[]>([]);
  isSheetOpen = $state(false);

  get all(): readonly Shortcut[] {
    return this.#groups.flat();
  }

  /** Register while a screen stands: `$effect(() => shortcuts.use([...]))`. A later one wins. */
  use(group: readonly Shortcut[]): () => void {
    this.#groups = [...untrack(() => this.#groups), group];
    return () => (this.#groups = untrack(() => this.#groups).filter((each) => each !== group));
  }

  /** For `onkeydown` of the window. Keys typed into a field, or with a modifier, stay the browser's. */
  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target as HTMLElement | null;
    if (target !== null && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return;
    if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
    if (event.key === '?') {
      this.isSheetOpen = true;
      event.preventDefault();
      return;
    }
    const shortcut = this.all.findLast(({ key }) => key === event.key || key === event.key.toLowerCase());
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run();
  }
}

/** The keys of this page. */
export const shortcuts = new Shortcuts();
