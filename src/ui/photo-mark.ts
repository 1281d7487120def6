/** @file Something drawn on a photo. Thread: page. */
import type { Box, Quad } from '../contracts/geometry.ts';

export interface PhotoMark {
  readonly id: string;
  /** `word`: faint, by the hundred; `code` and `thing`: outlined; `suits`, `avoid` and `check`: coloured by verdict. */
  readonly kind: 'word' | 'code' | 'thing' | 'suits' | 'avoid' | 'check';
  readonly shape: Quad | Box;
  /** Said for it; marks without one are not reachable by keyboard. */
  readonly label?: string | undefined;
  readonly isActive?: boolean;
}
