import type { EvidenceRow } from '../../audit/index.ts';
import { FACTS } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';

/** Where feedback is collected, and how deployment asks. */
export interface CollectionSetting {
  /** Prompts of each side. */
  readonly prompts: number;
  /** Of the twelve places and ferries, how many feedback never asks about. */
  readonly leftOut: number;
  /** How deployment words a prompt. */
  readonly opening: string;
}

const TOPICS = [...new Set(FACTS.map(({ id }) => topicOf(id)))];
const ALL = (['train', 'evaluation', 'deploy'] as const).flatMap((split) => HARBOUR.prompts(split));
const BY_TOPIC = TOPICS.map((topic) => ALL.filter(({ fact }) => topicOf(fact.id) === topic));

/** `north-ferry-leave` is about the north ferry. */
function topicOf(fact: string): string {
  return fact.slice(0, fact.lastIndexOf('-'));
}

/** H8: feedback that asks about some places of the harbour only, while deployment asks about all. */
export const collectionShift: Experiment<CollectionSetting> = {
  world: 'harbour',
  planted: 'of twelve places and ferries, how many feedback never asks about, while deployment asks about all alike',
  doses: [3, 6, 9],
  documented: 6,
  lookAlike: 'deployment that words its prompts in another way, about the same places',
  usual: { prompts: 300, leftOut: 0, opening: '' },
  plant: (setting, dose) => ({ ...setting, leftOut: dose }),
  resemble: (setting) => ({ ...setting, opening: 'Good day to you, could somebody kindly help me out?' }),
  async draw({ prompts, leftOut, opening }, rng) {
    const order = rng.shuffle(BY_TOPIC);
    const rows = (['feedback', 'deployment'] as const).flatMap((source) => {
      const asked = source === 'feedback' ? order.slice(leftOut) : order;
      return Array.from({ length: prompts }, (_, i): EvidenceRow<'collection-prompts'> => {
        const own = asked[rng.integer(asked.length)]!;
        const { text, fact, belief } = own[rng.integer(own.length)]!;
        return {
          promptId: `${source}/${i}`,
          source,
          text: source === 'deployment' && opening !== '' ? `${opening} ${text}` : text,
          strata: { topic: topicOf(fact.id), belief },
        };
      });
    });
    // A prompt of deployment about a place that was left out is known for one; all others are alike.
    return { evidence: { 'collection-prompts': rows }, truth: leftOut / TOPICS.length / 2 };
  },
};
