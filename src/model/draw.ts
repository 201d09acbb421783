import {
  add,
  cast,
  constant,
  cumulativeSum,
  type Dim,
  exp,
  greater,
  input,
  logSoftmax,
  matmul,
  mul,
  reduceSum,
  reshape,
  slice,
  sub,
  type Tensor,
  takeAlong,
} from '../tensor/index.ts';

/** Drawing of tokens in the graph, so that of the logits only what was drawn leaves it. */

/**
 * A token drawn from each row of logits [batch, vocabulary], by the place in the running sum of probabilities that the input
 * `uniforms` [batch] names, and its log-probability: `token` (int64) and `logprob`, [batch].
 */
export function drawOutputs(logits: Tensor): Record<'token' | 'logprob', Tensor> {
  const [batch, vocabulary] = logits.shape as [Dim, number];
  const logs = logSoftmax(logits);
  const sums = runningSums(exp(logs));
  const uniforms = reshape(input('uniforms', 'float32', [batch]), [batch, 1]);
  // Times the whole sum, which rounding keeps from being one, so that no place lies past the end.
  const place = mul(uniforms, slice(sums, -1, vocabulary - 1, vocabulary));
  const token = cast(reduceSum(cast(greater(place, sums), 'float32'), [-1], true), 'int64');
  return { token: reshape(token, [batch]), logprob: reshape(takeAlong(logs, token), [batch]) };
}

/**
 * Running sums over the last axis of x [batch, n]. The operator of that name adds one number after another; runs of up to 64 are
 * a product with a triangle of ones, which takes a quarter of the time, and only their ends are added up so.
 */
function runningSums(x: Tensor): Tensor {
  const [batch, n] = x.shape as [Dim, number];
  const run = [64, 48, 32, 24, 16, 8].find((size) => n % size === 0);
  if (run === undefined || run === n) return cumulativeSum(x);
  const triangle = constant(
    Array.from({ length: run * run }, (_, i) => Number(Math.floor(i / run) <= i % run)),
    [run, run],
  );
  const within = matmul(reshape(x, [batch, n / run, run]), triangle);
  const ends = reshape(slice(within, -1, run - 1, run), [batch, n / run]);
  const before = sub(cumulativeSum(ends), ends);
  return reshape(add(within, reshape(before, [batch, n / run, 1])), [batch, n]);
}
