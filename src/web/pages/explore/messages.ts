import type { Scene, Strength, Taught, Verdicts } from '../../../lab/index.ts';

/** What is asked of the thread that computes, and what it says: the scene at once, the verdicts when they are there. */
export interface Asked {
  readonly id: number;
  readonly taught: Taught;
  readonly strength: Strength;
}
export type Answer =
  | { readonly id: number; readonly scene: Scene }
  | { readonly id: number; readonly verdicts: Verdicts }
  | { readonly id: number; readonly fault: string };
