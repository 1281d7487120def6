import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allergens, diets, findKnowledge, knowledge } from '../../../src/core/dietary/knowledge.ts';
import { checkKnowledge, type KnowledgeFiles } from '../../../src/core/dietary/knowledge-check.ts';

function read(name: string) {
  return { name, json: JSON.parse(readFileSync(new URL(`../../../src/core/dietary/${name}`, import.meta.url), 'utf8')) as unknown };
}

const files = (): KnowledgeFiles => ({
  allergens: read('allergens.json'),
  diets: read('diets.json'),
  ingredients: ['additives', 'animal', 'plant', 'prepared', 'seasonings'].map((part) => read(`ingredients-${part}.json`)),
});

describe('knowledge', () => {
  it('is in order', () => {
    expect(checkKnowledge(files())).toEqual([]);
  });

  it('holds enough to know what stands on packs', () => {
    expect(knowledge().entries.size).toBeGreaterThan(350);
  });

  it('has the 29 allergens of Japanese law', () => {
    expect(
      allergens()
        .filter((allergen) => allergen.japan === 'mandatory')
        .map((allergen) => allergen.id)
        .sort(),
    ).toEqual(['buckwheat', 'cashew', 'crab', 'egg', 'milk', 'peanut', 'shrimp', 'walnut', 'wheat']);
    expect(allergens().filter((allergen) => allergen.japan === 'recommended')).toHaveLength(20);
  });

  it('defines every diet in both languages', () => {
    expect(diets()).toHaveLength(7);
    for (const diet of diets()) expect(diet.definition.en.length * diet.definition.ja.length).toBeGreaterThan(0);
  });

  it('finds an entry by its name in any writing', () => {
    expect(findKnowledge('ｼｮｰﾄﾆﾝｸﾞ')?.id).toBe('shortening');
    expect(findKnowledge('E-471')?.id).toBe('fatty-acid-ester');
    expect(findKnowledge('ほげほげ')).toBeNull();
  });
});

interface Entry {
  id: string;
  class: string;
  names: { ja: string[]; en: string[] };
  not?: string[];
}

/** The files with one entry changed. */
function broken(part: number, change: (entries: Entry[]) => void): string[] {
  const all = files();
  change((all.ingredients[part]!.json as { entries: Entry[] }).entries);
  return checkKnowledge(all).map((problem) => problem.message);
}

describe('check of the knowledge', () => {
  it('names a class that does not exist', () => {
    expect(broken(0, (entries) => (entries[0]!.class = 'unobtainium'))).toEqual([
      expect.stringContaining('class "unobtainium" does not exist'),
    ]);
  });

  it('names an id used twice', () => {
    expect(broken(1, (entries) => (entries[1]!.id = entries[0]!.id)).some((message) => message.includes('used twice'))).toBe(true);
  });

  it('names a word that hides a forbidden one without saying so', () => {
    const messages = broken(2, (entries) => entries.find((entry) => entry.id === 'carrot')!.names.ja.push('にんじんラード'));
    expect(messages).toEqual([expect.stringContaining('"にんじんラード" holds the name')]);
  });

  it('names a missing field', () => {
    expect(broken(3, (entries) => delete (entries[0] as Partial<Entry>).class)).toEqual([expect.stringContaining('"class"')]);
  });
});
