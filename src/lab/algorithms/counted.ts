import type { Sampler, TrainableModel } from '../../engine/index.ts';

/** Tokens that went through a model: `trained` in passes forward and back, `scored` forward only, `sampled` one by one. */
export interface TokenCounts {
  trained: number;
  scored: number;
  sampled: number;
}

const total = (rows: readonly { readonly length: number }[]): number =>
  rows.reduce((sum, { length }) => sum + length, 0);

/** A sampler that counts what it is asked. */
export const countedSampler = (sampler: Sampler, counts: TokenCounts): Sampler => ({
  snapshot: sampler.snapshot,
  async sample(prompts, options) {
    const groups = await sampler.sample(prompts, options);
    counts.sampled += groups.reduce((sum, group) => sum + total(group.map(({ tokens }) => tokens)), 0);
    return groups;
  },
  logprobs(sequences, ...rest) {
    counts.scored += total(sequences);
    return sampler.logprobs(sequences, ...rest);
  },
  scalars(sequences) {
    counts.scored += total(sequences);
    return sampler.scalars(sequences);
  },
  dispose: () => sampler.dispose(),
});

/** A model that counts what it is asked; it is the same model otherwise. */
export const countedModel = (model: TrainableModel, counts: TokenCounts): TrainableModel => {
  const own: Partial<TrainableModel> = {
    sampler: async (options) => countedSampler(await model.sampler(options), counts),
    forwardBackward(data, ...rest) {
      counts.trained += total(data.map(({ tokens }) => tokens));
      return model.forwardBackward(data, ...rest);
    },
    forwardBackwardCustom(data, loss) {
      const tokens = total(data.map((datum) => datum.tokens));
      // One pass to show the log-probabilities, one with their gradients.
      counts.scored += tokens;
      counts.trained += tokens;
      return model.forwardBackwardCustom(data, loss);
    },
    forwardBackwardValues(sequences, loss) {
      counts.trained += total(sequences);
      return model.forwardBackwardValues(sequences, loss);
    },
  };
  return new Proxy(model, {
    get(target, key: keyof TrainableModel) {
      const value = own[key] ?? target[key];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
};
