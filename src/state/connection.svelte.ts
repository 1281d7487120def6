/** @file Whether the browser thinks it is online, whether it can install the app, and whether a newer version waits. Thread: page. */

interface InstallPromptEvent extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

class Connection {
  #isOnline = $state(navigator.onLine);
  #installPrompt = $state.raw<InstallPromptEvent | null>(null);
  #applyUpdate = $state.raw<(() => void) | null>(null);
  #isReadyOffline = $state(false);

  /** Listen to the browser; once. */
  start(): void {
    addEventListener('online', () => (this.#isOnline = true));
    addEventListener('offline', () => (this.#isOnline = false));
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#installPrompt = event as InstallPromptEvent;
    });
    addEventListener('appinstalled', () => (this.#installPrompt = null));
    this.#isReadyOffline = 'serviceWorker' in navigator && navigator.serviceWorker.controller !== null;
    void this.#registerServiceWorker();
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** True: the shell is kept and opens without a network. */
  get isReadyOffline(): boolean {
    return this.#isReadyOffline;
  }

  get canInstall(): boolean {
    return this.#installPrompt !== null;
  }

  get hasUpdate(): boolean {
    return this.#applyUpdate !== null;
  }

  async install(): Promise<void> {
    await this.#installPrompt?.prompt();
    this.#installPrompt = null;
  }

  /** Start the waiting version; the page reloads. */
  update(): void {
    this.#applyUpdate?.();
  }

  async #registerServiceWorker(): Promise<void> {
    if (!('serviceWorker' in navigator)) return;
    const { registerSW } = await import('virtual:pwa-register');
    const applyUpdate = registerSW({
      onNeedRefresh: () => (this.#applyUpdate = () => void applyUpdate(true)),
      onOfflineReady: () => (this.#isReadyOffline = true),
      // Without it the app works, only not offline.
      onRegisterError: () => {},
    });
  }
}

/** The one connection of this page. */
export const connection = new Connection();
