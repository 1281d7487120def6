/** @file What can be wrong with the knowledge files, said so that a non-programmer can mend it. Pure; used by `npm run check:ingredients` and tests. */
import { DIETS, type Diet, type Verdict } from '../../contracts/dietary.ts';
import type { z } from 'zod';
import { foldWord } from './folded-text.ts';
import {
  allergenFileSchema,
  dietFileSchema,
  ingredientFileSchema,
  type AllergenFile,
  type DietFile,
  type Ingredient,
} from './knowledge-schema.ts';

/** One thing to mend. */
export interface KnowledgeProblem {
  readonly file: string;
  /** Entry that it is about; null when it is about the file. */
  readonly id: string | null;
  readonly message: string;
}

/** A file as read: its name and parsed JSON. */
export interface KnowledgeFile {
  readonly name: string;
  readonly json: unknown;
}

/** The files by their part. */
export interface KnowledgeFiles {
  readonly allergens: KnowledgeFile;
  readonly diets: KnowledgeFile;
  readonly ingredients: readonly KnowledgeFile[];
}

interface Word {
  readonly folded: string;
  readonly written: string;
  readonly fold: 'kana' | 'words';
  readonly owner: Owner;
}

interface Owner {
  readonly file: string;
  readonly id: string;
  readonly classId: string;
  readonly contains: ReadonlyMap<string, string>;
  readonly perDiet: Readonly<Record<Diet, Verdict>>;
  readonly not: readonly string[];
  readonly isWhole: boolean;
}

/** @returns everything that is wrong, in the order of the files; empty when all is well. */
export function checkKnowledge(files: KnowledgeFiles): KnowledgeProblem[] {
  const problems: KnowledgeProblem[] = [];
  const diets = parseFile(files.diets, dietFileSchema, 'classes', problems);
  const allergens = parseFile(files.allergens, allergenFileSchema, 'allergens', problems);
  const ingredients = files.ingredients.flatMap((file) => {
    const parsed = parseFile(file, ingredientFileSchema, 'entries', problems);
    return parsed === null ? [] : parsed.entries.map((entry) => ({ file: file.name, entry }));
  });
  if (diets === null || allergens === null || problems.length > 0) return problems;
  checkClasses(files.diets.name, diets, problems);
  checkReferences(files.allergens.name, allergens, ingredients, diets, problems);
  const words = collectWords(files.allergens.name, allergens, ingredients, diets);
  checkDoubles(words, problems);
  checkHidden(words, allergens, problems);
  return problems;
}

function parseFile<T>(file: KnowledgeFile, schema: z.ZodType<T>, listKey: string, problems: KnowledgeProblem[]): T | null {
  const result = schema.safeParse(file.json);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const [first, index, ...rest] = issue.path;
    const entry = first === listKey && typeof index === 'number' ? entryAt(file.json, listKey, index) : null;
    const where = entry === null ? issue.path.map(String).join(' → ') : rest.map(String).join(' → ');
    problems.push({
      file: file.name,
      id: entry?.id ?? null,
      message: `${entry !== null && entry.id === null ? `entry number ${String(index)}: ` : ''}${where === '' ? '' : `"${where}": `}${issue.message}`,
    });
  }
  return null;
}

function entryAt(json: unknown, listKey: string, index: number): { id: string | null } {
  const list = (json as Record<string, unknown>)[listKey];
  const entry: unknown = Array.isArray(list) ? list[index] : undefined;
  const id = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>)['id'] : undefined;
  return { id: typeof id === 'string' ? id : null };
}

function checkClasses(file: string, diets: DietFile, problems: KnowledgeProblem[]): void {
  for (const [id, one] of Object.entries(diets.classes))
    for (const diet of DIETS)
      if (one.perDiet[diet] !== 'suits' && one.why[diet] === undefined && one.why.all === undefined)
        problems.push({
          file,
          id,
          message: `class "${id}" says "${one.perDiet[diet]}" for ${diet} but "why" gives no reason for it (add "${diet}" or "all")`,
        });
  for (const diet of diets.diets)
    if (diets.sources[diet.source] === undefined)
      problems.push({ file, id: diet.id, message: `source "${diet.source}" is not listed under "sources"` });
}

interface FiledIngredient {
  readonly file: string;
  readonly entry: Ingredient;
}

function checkReferences(
  file: string,
  allergens: AllergenFile,
  ingredients: readonly FiledIngredient[],
  diets: DietFile,
  problems: KnowledgeProblem[],
): void {
  const allergenIds = new Set(allergens.allergens.map((allergen) => allergen.id));
  const ids = new Map<string, string>();
  const all = [...allergens.allergens.map((entry) => ({ file, entry })), ...ingredients];
  for (const { file: where, entry } of all) {
    const before = ids.get(entry.id);
    if (before !== undefined)
      problems.push({
        file: where,
        id: entry.id,
        message: `the id "${entry.id}" is used twice (also in ${before}); ids must be different`,
      });
    ids.set(entry.id, where);
  }
  for (const { file: where, entry } of all) {
    if (diets.classes[entry.class] === undefined)
      problems.push({
        file: where,
        id: entry.id,
        message: `class "${entry.class}" does not exist; use one of: ${Object.keys(diets.classes).join(', ')}`,
      });
    if (diets.sources[entry.source] === undefined)
      problems.push({ file: where, id: entry.id, message: `source "${entry.source}" is not listed under "sources" in diets.json` });
    if (entry.names.ja.length + entry.names.en.length === 0)
      problems.push({ file: where, id: entry.id, message: '"names" is empty; give at least one word' });
  }
  for (const allergen of allergens.allergens)
    for (const group of allergen.kindOf)
      if (!allergenIds.has(group)) problems.push({ file, id: allergen.id, message: `"kindOf": there is no allergen "${group}"` });
  for (const { file: where, entry } of ingredients) {
    for (const content of entry.contains ?? [])
      if (!allergenIds.has(content.allergen))
        problems.push({ file: where, id: entry.id, message: `"contains": there is no allergen "${content.allergen}" in allergens.json` });
    for (const other of entry.not ?? [])
      if (!ids.has(other)) problems.push({ file: where, id: entry.id, message: `"not": there is no entry "${other}"` });
  }
}

function collectWords(file: string, allergens: AllergenFile, ingredients: readonly FiledIngredient[], diets: DietFile): Word[] {
  const words: Word[] = [];
  const add = (owner: Owner, names: { ja?: readonly string[]; en?: readonly string[] }) => {
    for (const written of names.ja ?? []) words.push({ folded: foldWord(written, 'kana'), written, fold: 'kana', owner });
    for (const written of names.en ?? []) words.push({ folded: foldWord(written, 'words'), written, fold: 'words', owner });
  };
  const verdicts = (classId: string, own: Partial<Record<Diet, Verdict>> | undefined) =>
    Object.fromEntries(DIETS.map((diet) => [diet, own?.[diet] ?? diets.classes[classId]?.perDiet[diet] ?? 'check'])) as Record<
      Diet,
      Verdict
    >;
  for (const allergen of allergens.allergens) {
    const owner: Owner = {
      file,
      id: allergen.id,
      classId: allergen.class,
      contains: new Map([[allergen.id, 'always']]),
      perDiet: verdicts(allergen.class, undefined),
      not: allergen.not,
      isWhole: false,
    };
    add(owner, allergen.names);
    for (const names of Object.values(allergen.otherNames)) add(owner, { en: names });
  }
  for (const { file: where, entry } of ingredients)
    add(
      {
        file: where,
        id: entry.id,
        classId: entry.class,
        contains: new Map((entry.contains ?? []).map((content) => [content.allergen, content.certainty])),
        perDiet: verdicts(entry.class, entry.perDiet),
        not: entry.not ?? [],
        isWhole: entry.whole ?? false,
      },
      entry.names,
    );
  return words;
}

function checkDoubles(words: readonly Word[], problems: KnowledgeProblem[]): void {
  const seen = new Map<string, Word>();
  for (const word of words) {
    if (word.folded === '') {
      problems.push({ file: word.owner.file, id: word.owner.id, message: `the name "${word.written}" has no letters` });
      continue;
    }
    const key = `${word.fold}:${word.folded}`;
    const before = seen.get(key);
    // An ingredient may repeat an allergen's own name to say more about it.
    const isOfAllergen = before !== undefined && before.owner.contains.has(before.owner.id) && word.owner.contains.has(before.owner.id);
    if (before === undefined) seen.set(key, word);
    else if (before.owner.id !== word.owner.id && !isOfAllergen)
      problems.push({
        file: word.owner.file,
        id: word.owner.id,
        message: `the name "${word.written}" also stands in "${before.owner.id}" as "${before.written}"; keep it in one of them`,
      });
  }
}

/** See [Note: Longest word wins] in `find-words.ts`: a longer name must answer for every name that it hides. */
function checkHidden(words: readonly Word[], allergens: AllergenFile, problems: KnowledgeProblem[]): void {
  const byFold = { kana: words.filter((word) => word.fold === 'kana'), words: words.filter((word) => word.fold === 'words') };
  const groups = new Map(allergens.allergens.map((allergen) => [allergen.id, allergen.kindOf]));
  const reported = new Set<string>();
  for (const outer of words) {
    if (outer.owner.isWhole) continue;
    for (const inner of byFold[outer.fold]) {
      if (
        inner.owner === outer.owner ||
        inner.folded.length >= outer.folded.length ||
        inner.owner.isWhole ||
        !outer.folded.includes(inner.folded)
      )
        continue;
      if (outer.fold === 'words' && !` ${outer.folded} `.includes(` ${inner.folded} `)) continue;
      // Saying that it is not an allergen answers for everything that always holds that allergen.
      if (
        outer.owner.not.includes(inner.owner.id) ||
        [...inner.owner.contains].some(([id, certainty]) => certainty !== 'possible' && outer.owner.not.includes(id))
      )
        continue;
      const missing = [...inner.owner.contains]
        .filter(([id, certainty]) => certainty !== 'possible' && !holdsAllergen(outer.owner, id, groups))
        .map(([id]) => id);
      const milder = DIETS.filter((diet) => inner.owner.perDiet[diet] === 'avoid' && outer.owner.perDiet[diet] === 'suits');
      if (missing.length === 0 && milder.length === 0) continue;
      const key = `${outer.owner.id}>${inner.owner.id}`;
      if (reported.has(key)) continue;
      reported.add(key);
      const what = [
        ...(missing.length > 0 ? [`"${inner.owner.id}" contains ${missing.join(', ')} but "${outer.owner.id}" does not say so`] : []),
        ...(milder.length > 0
          ? [`"${inner.owner.id}" is to be avoided (${milder.join(', ')}) but "${outer.owner.id}" is said to suit`]
          : []),
      ].join('; ');
      problems.push({
        file: outer.owner.file,
        id: outer.owner.id,
        message: `the name "${outer.written}" holds the name "${inner.written}" of "${inner.owner.id}": ${what}. Either correct "${outer.owner.id}", or add "${inner.owner.id}" to its "not" list to say that it is something else`,
      });
    }
  }
}

/** True when the owner contains the allergen, a kind of it, or the group that it is a kind of. */
function holdsAllergen(owner: Owner, id: string, groups: ReadonlyMap<string, readonly string[]>): boolean {
  if (owner.contains.has(id)) return true;
  if ((groups.get(id) ?? []).some((group) => owner.contains.has(group))) return true;
  return [...owner.contains.keys()].some((own) => groups.get(own)?.includes(id) === true);
}
