import type { Experiment } from '../experiment.ts';
import { judged } from '../scene.ts';
import { replaced, type Setting, USUAL } from '../setting.ts';

/** H4: raters who do not look. */
export const carelessRaters: Experiment<Setting> = {
  world: 'harbour',
  planted: 'of ten raters, how many answer nine times in ten without looking',
  doses: [1, 2, 4, 7],
  documented: 4,
  lookAlike: 'raters who look and tire, up to every second answer at random at the end of a long session',
  usual: { ...USUAL, raters: { noisy: 10 }, pairs: 300, overlap: 4 },
  plant: (setting, dose) => ({ ...setting, raters: replaced(setting.raters, 'careless', dose) }),
  resemble: (setting) => ({ ...setting, raters: replaced(setting.raters, 'fatigued', 3) }),
  draw: async (setting, rng) => ({ evidence: await judged(setting, rng) }),
};
