import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { transact } from '../../src/store/db.ts';
import { createPeopleStore } from '../../src/store/people.ts';
import { createSettingsStore, DEFAULT_SETTINGS, type SettingKey } from '../../src/store/settings.ts';
import { estimateStorage, hasRoomFor, requestPersistence } from '../../src/store/quota.ts';
import { freshDatabase } from './fixtures.ts';

describe('settings', () => {
  it('starts with the defaults: nothing may leave', async () => {
    const settings = createSettingsStore(freshDatabase());
    expect(await settings.all()).toEqual(DEFAULT_SETTINGS);
    expect(await settings.mayLeave('product', 'vector')).toBe(false);
  });

  it('remembers, validates, and tells listeners', async () => {
    const database = freshDatabase();
    const settings = createSettingsStore(database);
    const heard: SettingKey[] = [];
    const stop = settings.onChange((key) => heard.push(key));
    await settings.set('language', 'ja');
    await expect(settings.set('language', 'fr' as 'ja')).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(settings.set('serverUrl', 'javascript:alert(1)')).rejects.toMatchObject({ code: 'invalid-input' });
    await settings.set('serverUrl', 'https://shop.example:8443');
    stop();
    await settings.set('theme', 'dark');
    expect(heard).toEqual(['language', 'serverUrl']);
    expect(await createSettingsStore(database).get('language')).toBe('ja');
  });

  it('takes a damaged value for its default', async () => {
    const database = freshDatabase();
    await transact(database, ['settings'], 'readwrite', async (transaction) => {
      await transaction.objectStore('settings').put({ key: 'egress', value: { product: { vector: 'yes', frame: true } } });
      await transaction.objectStore('settings').put({ key: 'theme', value: 7 });
    });
    const settings = createSettingsStore(database);
    expect(await settings.mayLeave('product', 'vector')).toBe(false);
    expect(await settings.get('theme')).toBe('auto');
  });

  it('holds both of two switches flipped at once, and keeps lenses apart', async () => {
    const settings = createSettingsStore(freshDatabase());
    await Promise.all([
      settings.setMayLeave('product', 'vector', true),
      settings.setMayLeave('product', 'text', true),
      settings.setMayLeave('label', 'text', false),
    ]);
    expect(await settings.get('egress')).toEqual({ product: { vector: true, text: true }, label: { text: false } });
    expect(await settings.mayLeave('label', 'vector')).toBe(false);
    await settings.setMayLeave('product', 'vector', false);
    expect(await settings.mayLeave('product', 'vector')).toBe(false);
    expect(await settings.mayLeave('product', 'text')).toBe(true);
  });
});

describe('people', () => {
  it('keeps people and refuses malformed rules', async () => {
    const people = createPeopleStore(freshDatabase());
    await people.put({ id: '1', name: 'Aya', rules: ['halal', 'allergen:wheat', 'word:はちみつ'] });
    for (const rule of ['carnivore', 'allergen:', 'word: ', 'allergen:Wheat!'])
      await expect(people.put({ id: '2', name: 'B', rules: [rule as 'halal'] })).rejects.toMatchObject({ code: 'invalid-input' });
    expect(await people.list()).toEqual([{ id: '1', name: 'Aya', rules: ['halal', 'allergen:wheat', 'word:はちみつ'] }]);
    await people.remove('1');
    expect(await people.get('1')).toBeNull();
  });
});

describe('quota', () => {
  const storage = (overrides: Partial<StorageManager>): StorageManager =>
    ({
      estimate: async () => ({ usage: 90, quota: 100 }),
      persisted: async () => false,
      persist: async () => true,
      ...overrides,
    }) as StorageManager;

  it('says what the browser says', async () => {
    expect(await estimateStorage(storage({}))).toEqual({ usageBytes: 90, quotaBytes: 100, isPersistent: false });
    expect(await hasRoomFor(10, storage({}))).toBe(true);
    expect(await hasRoomFor(11, storage({}))).toBe(false);
    expect(await requestPersistence(storage({}))).toBe(true);
  });

  it('is calm where the browser says nothing', async () => {
    const mute = storage({
      estimate: () => Promise.reject(new TypeError('opaque')),
      persisted: () => Promise.reject(new TypeError('opaque')),
    });
    expect(await estimateStorage(mute)).toEqual({ usageBytes: null, quotaBytes: null, isPersistent: false });
    expect(await requestPersistence(mute)).toBe(false);
    expect(await hasRoomFor(1e12, mute)).toBe(true);
    expect(await requestPersistence(undefined)).toBe(false);
  });
});
