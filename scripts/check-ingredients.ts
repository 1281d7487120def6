/**
 * @file `npm run check:ingredients`: checks the knowledge files of `src/core/dietary/` and says in plain words, with file and line, what to mend.
 * Exit status 1 when there is anything to mend. See docs/dietary.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkKnowledge, type KnowledgeFile } from '../src/core/dietary/knowledge-check.ts';

const folder = fileURLToPath(new URL('../src/core/dietary/', import.meta.url));
const texts = new Map<string, string>();

/** @returns the file's JSON, or undefined after saying where it cannot be read. */
function read(name: string): KnowledgeFile | undefined {
  const text = readFileSync(join(folder, name), 'utf8');
  texts.set(name, text);
  try {
    return { name, json: JSON.parse(text) as unknown };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(message)?.[1];
    const line = position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
    console.error(
      `${name}${line}: this file is not valid JSON. Look for a missing or extra comma, quote or bracket near here. (${message})`,
    );
    return undefined;
  }
}

/** @returns line (from 1) on which the entry's id stands, or null. */
function lineOf(name: string, id: string | null): number | null {
  if (id === null) return null;
  const lines = (texts.get(name) ?? '').split('\n');
  const at = lines.findIndex((line) => line.includes(`"id": "${id}"`) || line.trimStart().startsWith(`"${id}":`));
  return at < 0 ? null : at + 1;
}

const names = readdirSync(folder).filter((name) => /^ingredients-.*\.json$/.test(name));
const allergens = read('allergens.json');
const diets = read('diets.json');
const ingredients = names.map(read);
if (allergens === undefined || diets === undefined || ingredients.includes(undefined)) {
  process.exitCode = 1;
} else {
  const problems = checkKnowledge({ allergens, diets, ingredients: ingredients.filter((file) => file !== undefined) });
  for (const problem of problems) {
    const line = lineOf(problem.file, problem.id);
    console.error(`${problem.file}${line === null ? '' : `:${line}`}: ${problem.id === null ? '' : `[${problem.id}] `}${problem.message}`);
  }
  if (problems.length > 0) {
    console.error(`\n${problems.length} thing(s) to mend. Nothing was changed.`);
    process.exitCode = 1;
  } else {
    const count = [allergens, ...ingredients].length;
    console.log(`All ${count + 1} knowledge files are in order.`);
  }
}
