import { sumOfParts } from '../../world/index.ts';
import { HARBOUR } from '../harbour.ts';
import { rewardOf, type Space } from '../scene.ts';
import { USUAL } from '../setting.ts';
import { goldAt, spacesOf, underTilt } from './paths.ts';
import { definePhenomenon } from './phenomenon.ts';

const KL = 4;

/** What a reply looks to be worth to somebody who sees no facts, less what it is worth. */
const gapOf = ({ prompt, replies, gold }: Space): number[] =>
  replies.map(({ text }, i) => sumOfParts(HARBOUR.look(prompt, text, { view: 'partial' })!.parts) - gold[i]!);

/** Lang et al. 2024: raters who see part of what happens teach a policy to look better than it is. */
export const deceptiveInflation = definePhenomenon({
  title: 'Raters who see part of it teach a policy to look better than it is',
  citation: 'Lang et al. 2024, arXiv 2402.17747',
  published:
    'Under partial observation, maximising what raters think they see raises the seen above the true return (deceptive inflation), at the price of true return that a rater who sees all would have got.',
  world: 'harbour',
  method: `Eight raters without the facts before them, or with; a reward on slots fitted to their choices, and the exact tilt at ${KL} nats. Seen is what a reply looks to be worth without the facts.`,
  measures: {
    inflation: {
      what: 'rise of the seen less the true utility over the base policy, partial view',
      role: 'effect',
      expected: { above: 0 },
    },
    'true utility': {
      what: 'rise of the true utility over the base policy, partial view',
      role: 'effect',
      expected: { below: 0 },
    },
    'price of the view': {
      what: 'true utility under the full view less that under the partial view, at the same KL',
      role: 'effect',
      expected: { above: 0.5 },
    },
    'inflation, full view': {
      what: 'rise of the seen less the true utility, full view',
      role: 'control',
      expected: { below: 0 },
    },
  },
  async run(rng) {
    const spaces = async (kind: 'partial-view' | 'noisy') =>
      spacesOf(await rewardOf({ ...USUAL, raters: { [kind]: 8 } }, rng.fork(kind)));
    const [partial, full] = [await spaces('partial-view'), await spaces('noisy')];
    const inflation = (own: readonly Space[]) => underTilt(own, KL, gapOf) - underTilt(own, 0, gapOf);
    return {
      inflation: inflation(partial),
      'true utility': goldAt(partial, KL) - goldAt(partial, 0),
      'price of the view': goldAt(full, KL) - goldAt(partial, KL),
      'inflation, full view': inflation(full),
    };
  },
});
