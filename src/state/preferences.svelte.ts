/** @file Settings as the screens see them; language and theme take effect at once. Thread: page. */
import type { Person } from '../contracts/dietary.ts';
import type { PayloadType } from '../contracts/egress.ts';
import { baseLocale, isLocale, locales, overwriteGetLocale, type Locale } from '../paraglide/runtime.js';
import type { SettingKey, Settings } from '../store/settings.ts';

/** Read before the first paint by index.html, which cannot wait for IndexedDB. */
const FIRST_PAINT_KEY = 'mekiki-first-paint';

const INITIAL: Settings = {
  language: 'auto',
  theme: 'auto',
  egress: {},
  serverUrl: '',
  blurFaces: true,
  keepHistory: true,
  useDemo: true,
  backend: 'auto',
  shownPersonIds: [],
  raceDelivery: [],
};

class Preferences {
  /** `?ep=` of the address that the app was opened with; the router drops it later. */
  readonly backendAsked = new URLSearchParams(location.search).get('ep');
  #settings = $state.raw<Settings>(INITIAL);
  #isLoaded = $state(false);
  /** What was set before the stored settings were known: it holds over them. */
  #early: Partial<Settings> = {};
  readonly #locale = $derived.by((): Locale => {
    const { language } = this.#settings;
    return language === 'auto' ? systemLocale() : language;
  });

  constructor() {
    const { theme, language } = readFirstPaint();
    this.#settings = { ...INITIAL, theme, language };
    overwriteGetLocale(() => this.#locale);
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** False until what was stored is known; the defaults stand until then. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get locale(): Locale {
    return this.#locale;
  }

  /** Read what was stored. @throws AppError when the device's storage cannot be opened; the defaults stay. */
  async load(): Promise<void> {
    const { device } = await import('./device.ts');
    const stored = await device().settings.all();
    this.#settings = { ...stored, ...this.#early };
    this.#isLoaded = true;
    this.#apply();
  }

  /** Takes effect at once; comes back to what was stored when it cannot be kept. @throws AppError('quota-exceeded' | 'invalid-input') */
  async set<Key extends SettingKey>(key: Key, value: Settings[Key]): Promise<void> {
    const before = this.#settings[key];
    if (!this.#isLoaded) this.#early = { ...this.#early, [key]: value };
    this.#settings = { ...this.#settings, [key]: value };
    this.#apply();
    try {
      const { device } = await import('./device.ts');
      await device().settings.set(key, value);
    } catch (error) {
      this.#early = Object.fromEntries(Object.entries(this.#early).filter(([early]) => early !== key));
      this.#settings = { ...this.#settings, [key]: before };
      this.#apply();
      throw error;
    }
  }

  /** People whose verdicts are shown; everybody when nobody was picked. */
  shownPeople(everybody: readonly Person[]): readonly Person[] {
    const ids = this.#settings.shownPersonIds;
    const picked = everybody.filter(({ id }) => ids.includes(id));
    return picked.length === 0 ? everybody : picked;
  }

  mayLeave(lensId: string, type: PayloadType): boolean {
    return this.#settings.egress[lensId]?.[type] === true;
  }

  /** Takes effect when it is on disk, not before: nobody shall think that nothing leaves while it does. @throws AppError('quota-exceeded') */
  async setMayLeave(lensId: string, type: PayloadType, isAllowed: boolean): Promise<void> {
    const { device } = await import('./device.ts');
    await device().settings.setMayLeave(lensId, type, isAllowed);
    const egress = await device().settings.get('egress');
    if (!this.#isLoaded) this.#early = { ...this.#early, egress };
    this.#settings = { ...this.#settings, egress };
  }

  #apply(): void {
    const { theme, language } = this.#settings;
    const root = document.documentElement;
    if (theme === 'auto') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
    root.lang = this.#locale;
    try {
      localStorage.setItem(FIRST_PAINT_KEY, JSON.stringify({ theme, language }));
    } catch {
      // Only the first paint of the next visit loses by it.
    }
  }
}

function systemLocale(): Locale {
  for (const tag of navigator.languages) {
    const language = tag.split('-')[0];
    const locale = locales.find((each) => each === language);
    if (locale !== undefined) return locale;
  }
  return baseLocale;
}

function readFirstPaint(): Pick<Settings, 'theme' | 'language'> {
  try {
    const { theme, language } = JSON.parse(localStorage.getItem(FIRST_PAINT_KEY) ?? '{}') as { theme?: unknown; language?: unknown };
    return { theme: theme === 'light' || theme === 'dark' ? theme : 'auto', language: isLocale(language) ? language : 'auto' };
  } catch {
    return { theme: 'auto', language: 'auto' };
  }
}

/** The one set of settings of this page. */
export const preferences = new Preferences();
