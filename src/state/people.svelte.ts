/** @file People whose diets are checked, as the screens see them. Thread: page. */
import type { Person } from '../contracts/dietary.ts';
import { device } from './device.ts';

class People {
  #all = $state.raw<readonly Person[]>([]);
  #isLoaded = $state(false);

  get all(): readonly Person[] {
    return this.#all;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** @throws AppError when the device's storage cannot be opened. */
  async load(): Promise<void> {
    this.#all = await device().people.list();
    this.#isLoaded = true;
  }

  /** Add or replace. @throws AppError('invalid-input' | 'quota-exceeded') */
  async put(person: Person): Promise<void> {
    await device().people.put(person);
    await this.load();
  }

  async remove(id: string): Promise<void> {
    await device().people.remove(id);
    await this.load();
  }
}

/** The people of this device. */
export const people = new People();

/** @returns an id that sorts after those made before. */
export function newPersonId(): string {
  return `${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
}
