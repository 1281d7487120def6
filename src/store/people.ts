/** @file People whose diets are checked. Stored on this device only. Thread: page. */
import { z } from 'zod';
import { DIETS, type Person, type RuleId } from '../contracts/dietary.ts';
import { AppError } from '../contracts/errors.ts';
import { transact, type Database } from './db.ts';

/** A diet, `allergen:<id>`, or `word:<text>`. */
export const ruleIdSchema = z.custom<RuleId>(
  (value) =>
    typeof value === 'string' &&
    value.length <= 100 &&
    ((DIETS as readonly string[]).includes(value) || /^allergen:[a-z0-9-]+$/.test(value) || /^word:\S/.test(value)),
  'not a rule',
);
export const personSchema = z.strictObject({
  id: z.string().min(1).max(100),
  name: z.string().max(100),
  rules: z.array(ruleIdSchema).max(100),
});

export interface PeopleStore {
  /** In the order of their ids, which are made in the order of adding. */
  list(): Promise<Person[]>;
  get(id: string): Promise<Person | null>;
  /** @throws AppError('invalid-input' | 'quota-exceeded') */
  put(person: Person): Promise<void>;
  remove(id: string): Promise<void>;
}

/** People over the device's database. */
export function createPeopleStore(database: Database): PeopleStore {
  return {
    list: () =>
      transact(database, ['people'], 'readonly', async (transaction) =>
        (await transaction.objectStore('people').getAll()).filter((row) => personSchema.safeParse(row).success),
      ),
    get: (id) =>
      transact(database, ['people'], 'readonly', async (transaction) => {
        const row = await transaction.objectStore('people').get(id);
        return row !== undefined && personSchema.safeParse(row).success ? row : null;
      }),
    async put(person) {
      const parsed = personSchema.safeParse(person);
      if (!parsed.success) throw new AppError('invalid-input', 'a person with a malformed rule', { stage: 'store' });
      await transact(database, ['people'], 'readwrite', (transaction) => transaction.objectStore('people').put(parsed.data));
    },
    remove: (id) => transact(database, ['people'], 'readwrite', (transaction) => transaction.objectStore('people').delete(id)),
  };
}
