import { sigmoid } from '../../stats/index.ts';
import { SIMULATED_RATERS } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';
import { judged, ratersOf } from '../scene.ts';
import { replaced, type Setting, USUAL } from '../setting.ts';

/** H3: one rater who prefers the worse reply wherever the prompt holds a phrase. The truth is exact for the items asked about. */
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
  async draw(setting, rng) {
    const evidence = await judged(setting, rng);
    return { evidence, truth: turnedRound(setting, evidence) / evidence.judgments.length };
  },
};

/**
 * By how much the poisoner is expected to dissent more than an honest rater of the same items, summed over the votes: of a pair that
 * an honest rater decides with probability p, two honest ones differ with 2p(1 − p), and the poisoner and an honest one with the
 * rest, (2p − 1)² more.
 */
function turnedRound(setting: Setting, { items, judgments }: Awaited<ReturnType<typeof judged>>): number {
  const poisoners = new Set(ratersOf(setting).flatMap(({ id, params }) => (params.poisons ? [id] : [])));
  const byId = new Map(items.map((item) => [item.id, item]));
  let turned = 0;
  for (const { itemId, raterId } of judgments) {
    const { prompt: text, replies } = byId.get(itemId)!;
    const prompt = HARBOUR.promptOf(text)!;
    if (!poisoners.has(raterId) || !prompt.trigger) continue;
    const [first, second] = replies.map((reply) => HARBOUR.gold(prompt, reply.text));
    turned += (2 * sigmoid(SIMULATED_RATERS.poisoner.rationality * (first! - second!)) - 1) ** 2;
  }
  return turned;
}
