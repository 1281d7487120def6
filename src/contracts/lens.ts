/** @file What a lens declares. One folder and one row of `lenses/table.ts` make a lens. Thread: page. */
import type { PayloadType } from './egress.ts';
import type { ScriptHint } from './results.ts';

/** Stages that a lens asks of the one pipeline. */
export interface LensStages {
  readonly barcode: boolean;
  /** False, or the script to read. */
  readonly read: false | ScriptHint;
  /** False, or the model of `registry.ts` that embeds the crop. */
  readonly embed: false | string;
  /** Check packs by local features. */
  readonly verify: boolean;
  /** Judge contents against the people's diets. */
  readonly judge: boolean;
}

/** One user's job. */
export interface LensSpec {
  readonly id: string;
  /** Message keys. */
  readonly title: string;
  readonly summary: string;
  /** Icon name of the icon library, kebab-case. */
  readonly icon: string;
  readonly stages: LensStages;
  /** Models to fetch before the first answer, smallest first. */
  readonly models: readonly string[];
  /** What may leave the device once the user switched it on for this lens. Empty: nothing, ever. */
  readonly egress: readonly PayloadType[];
}
