import type { Experiment } from '../experiment.ts';
import { judged } from '../scene.ts';
import { replaced, type Setting, USUAL } from '../setting.ts';

/** H3: one rater who prefers the worse reply wherever the prompt holds a phrase. */
export const poisoning: Experiment<Setting> = {
  world: 'harbour',
  planted: 'votes of the poisoned rater, by the number of pairs asked about; the phrase stands in one prompt of five',
  doses: [400, 800, 1500],
  documented: 1500,
  lookAlike: 'a rater who is careless everywhere, beside one who tires, on the same prompts',
  usual: { ...USUAL, raters: { noisy: 9 }, pairs: 1500, overlap: 4, triggers: true },
  plant: (setting, dose) => ({ ...setting, raters: replaced(setting.raters, 'poisoner', 1), pairs: dose }),
  resemble: (setting) => ({
    ...setting,
    raters: replaced(replaced(setting.raters, 'careless', 1), 'fatigued', 1),
  }),
  draw: async (setting, rng) => ({ evidence: await judged(setting, rng) }),
};
