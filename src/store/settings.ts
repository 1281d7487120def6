/** @file Settings of this device: typed, validated, with defaults. Thread: page. */
import { z } from 'zod';
import { PAYLOAD_TYPES, type PayloadType } from '../contracts/egress.ts';
import { AppError } from '../contracts/errors.ts';
import { deliveryPresetSchema } from '../contracts/race-delivery.ts';
import { transact, type Database } from './db.ts';

/** Empty means the server that served the app. */
const serverUrlSchema = z.union([z.literal(''), z.url({ protocol: /^https?$/ }).max(300)]);

const SCHEMAS = {
  language: z.enum(['auto', 'en', 'ja']),
  theme: z.enum(['auto', 'light', 'dark']),
  /** Lens id → payload type → may leave. Absent means no. */
  egress: z.record(z.string().regex(/^[a-z][a-z-]{0,40}$/), z.partialRecord(z.enum(PAYLOAD_TYPES), z.boolean())),
  serverUrl: serverUrlSchema,
  /** Blur faces in shared pictures. */
  blurFaces: z.boolean(),
  /** Keep photos looked at in the history. */
  keepHistory: z.boolean(),
  /** Install the demo catalogue at first use. */
  useDemo: z.boolean(),
  /** Where models run; `auto` measures. */
  backend: z.enum(['auto', 'webgpu', 'wasm']),
  /** People whose verdicts are shown; empty means everybody. */
  shownPersonIds: z.array(z.string().max(100)).max(50),
  /** Presets of race deliveries. */
  raceDelivery: z.array(deliveryPresetSchema).max(20),
} as const;

/** Every setting with the type of its value. */
export type Settings = { readonly [Key in keyof typeof SCHEMAS]: z.infer<(typeof SCHEMAS)[Key]> };
export type SettingKey = keyof Settings;

/** Nothing leaves, faces are blurred, the language is the browser's. */
export const DEFAULT_SETTINGS: Settings = {
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

export interface SettingsStore {
  get<Key extends SettingKey>(key: Key): Promise<Settings[Key]>;
  all(): Promise<Settings>;
  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  set<Key extends SettingKey>(key: Key, value: Settings[Key]): Promise<void>;
  /** True when the user allowed this lens to send this kind of data. */
  mayLeave(lensId: string, type: PayloadType): Promise<boolean>;
  /** Switch one kind of departure of one lens. */
  setMayLeave(lensId: string, type: PayloadType, isAllowed: boolean): Promise<void>;
  /** Back to {@link DEFAULT_SETTINGS}. */
  reset(): Promise<void>;
  /** Called after every change made through this store. Returns the way to stop. */
  onChange(listener: (key: SettingKey) => void): () => void;
}

/** Settings over the device's database. A stored value that is no longer valid counts as its default. */
export function createSettingsStore(database: Database): SettingsStore {
  const listeners = new Set<(key: SettingKey) => void>();
  const notify = (key: SettingKey): void => {
    for (const listener of listeners) listener(key);
  };
  const get = async <Key extends SettingKey>(key: Key): Promise<Settings[Key]> =>
    valid(key, (await transact(database, ['settings'], 'readonly', (transaction) => transaction.objectStore('settings').get(key)))?.value);
  return {
    get,
    async all() {
      const rows = await transact(database, ['settings'], 'readonly', (transaction) => transaction.objectStore('settings').getAll());
      const stored = new Map(rows.map(({ key, value }) => [key, value]));
      return Object.fromEntries(SETTING_KEYS.map((key) => [key, valid(key, stored.get(key))])) as unknown as Settings;
    },
    async set(key, value) {
      const parsed = SCHEMAS[key].safeParse(value);
      if (!parsed.success) throw new AppError('invalid-input', `setting ${key} has no such value`, { stage: 'store' });
      await transact(database, ['settings'], 'readwrite', (transaction) =>
        transaction.objectStore('settings').put({ key, value: parsed.data }),
      );
      notify(key);
    },
    async mayLeave(lensId, type) {
      return (await get('egress'))[lensId]?.[type] === true;
    },
    async setMayLeave(lensId, type, isAllowed) {
      // Read and written in one transaction: two switches flipped at once must both hold.
      await transact(database, ['settings'], 'readwrite', async (transaction) => {
        const store = transaction.objectStore('settings');
        const egress = valid('egress', (await store.get('egress'))?.value);
        const changed = SCHEMAS.egress.safeParse({ ...egress, [lensId]: { ...egress[lensId], [type]: isAllowed } });
        if (!changed.success) throw new AppError('invalid-input', 'not a lens and payload type', { stage: 'store' });
        await store.put({ key: 'egress', value: changed.data });
      });
      notify('egress');
    },
    async reset() {
      await transact(database, ['settings'], 'readwrite', (transaction) => transaction.objectStore('settings').clear());
      SETTING_KEYS.forEach(notify);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const SETTING_KEYS = Object.keys(SCHEMAS) as readonly SettingKey[];

/** The value if it is valid for the key, else the default. */
export function valid<Key extends SettingKey>(key: Key, value: unknown): Settings[Key] {
  const parsed = SCHEMAS[key].safeParse(value);
  return parsed.success ? (parsed.data as Settings[Key]) : DEFAULT_SETTINGS[key];
}
