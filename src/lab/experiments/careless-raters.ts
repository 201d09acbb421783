import type { Experiment } from '../experiment.ts';
import { judged, ratersOf } from '../scene.ts';
import { replaced, type Setting, USUAL } from '../setting.ts';

/** H4: raters who do not look. The truth is the share of these judgments that are theirs: it is known who they are. */
export const carelessRaters: Experiment<Setting> = {
  world: 'harbour',
  planted: 'of ten raters, how many answer nine times in ten without looking',
  doses: [1, 2, 4, 7],
  documented: 4,
  lookAlike: 'raters who look and tire, up to every second answer at random at the end of a long session',
  usual: { ...USUAL, raters: { noisy: 10 }, pairs: 300, overlap: 4 },
  plant: (setting, dose) => ({ ...setting, raters: replaced(setting.raters, 'careless', dose) }),
  resemble: (setting) => ({ ...setting, raters: replaced(setting.raters, 'fatigued', 3) }),
  async draw(setting, rng) {
    const evidence = await judged(setting, rng);
    const careless = new Set(ratersOf(setting).flatMap(({ id, kind }) => (kind === 'careless' ? [id] : [])));
    const theirs = evidence.judgments.filter(({ raterId }) => careless.has(raterId));
    return { evidence, truth: theirs.length / evidence.judgments.length };
  },
};
